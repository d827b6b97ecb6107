// Copyright (c) 2026, the arkive.k8s contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"time"
)

// What Kanister hands to a template, as far as the cases need it: structs, pointers and maps of Go's types.
type templateParams struct {
	StatefulSet *workload
	Deployment  *workload
	Namespace   *named
	PVC         *named
	ArtifactsIn map[string]artifact
	ConfigMaps  map[string]configMap
	Secrets     map[string]secret
	Phases      map[string]*phase
	DeferPhase  *phase
	Options     map[string]string
	Object      map[string]any
	Time        string
}

type workload struct {
	Name                   string
	Namespace              string
	Pods                   []string
	Containers             [][]string
	PersistentVolumeClaims map[string]map[string]string
}

type named struct {
	Name      string
	Namespace string
}

type artifact struct {
	KeyValue      map[string]string
	KopiaSnapshot string
}

type configMap struct {
	Name      string
	Namespace string
	Data      map[string]string
}

type secret struct {
	Name      string
	Namespace string
	Type      string
	Data      map[string][]byte
}

type phase struct {
	Secrets    map[string]secret
	ConfigMaps map[string]configMap
	Output     map[string]any
}

// typed makes values of Go's types of those that are marked so in the file of cases:
//
//	{$bytes: text} {$time: RFC 3339} {$params: ...} {$strings: [...]} {$text: {name: text}} {$data: {name: text}}
func typed(value any) any {
	switch value := plain(value).(type) {
	case []any:
		for i, each := range value {
			value[i] = typed(each)
		}
		return value
	case map[string]any:
		if len(value) == 1 {
			for mark, each := range value {
				if make, found := marks[mark]; found {
					return make(each)
				}
			}
		}
		for key, each := range value {
			value[key] = typed(each)
		}
		return value
	default:
		return value
	}
}

var marks = map[string]func(any) any{
	"$bytes": func(value any) any { return []byte(value.(string)) },
	"$time": func(value any) any {
		moment, err := time.Parse(time.RFC3339Nano, value.(string))
		if err != nil {
			panic(err)
		}
		return moment
	},
	"$strings": func(value any) any { return into[[]string](value) },
	"$text":    func(value any) any { return into[map[string]string](value) },
	"$data": func(value any) any {
		made := map[string][]byte{}
		for key, text := range into[map[string]string](value) {
			made[key] = []byte(text)
		}
		return made
	},
	"$params": func(value any) any {
		made := into[templateParams](value)
		made.Object, _ = plain(value.(map[string]any)["Object"]).(map[string]any)
		return made
	},
}

// Names that a type does not have are an error.
func into[T any](value any) T {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	var made T
	if err := readYAML(text, &made); err != nil {
		panic(err)
	}
	return made
}
