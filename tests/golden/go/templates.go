// Copyright (c) 2026, the arkive.k8s contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/Masterminds/sprig"
)

// Cases that share data and options; `cases` are templates.
type templateGroup struct {
	About   string   `json:"about"`
	Data    string   `json:"data"`
	Missing string   `json:"missing"`
	Sprig   *bool    `json:"sprig"`
	Cases   []string `json:"cases"`
}

// The clock of the cases.
var moment = time.Date(2026, time.March, 9, 7, 5, 3, 120000000, time.UTC)

// runTemplates is text/template with sprig, as Kanister uses them.
func runTemplates(text []byte) ([]answer, error) {
	var file struct {
		Data   map[string]any  `json:"data"`
		Groups []templateGroup `json:"groups"`
	}
	if err := readYAML(text, &file); err != nil {
		return nil, err
	}
	answers := []answer{}
	for _, group := range file.Groups {
		source, found := file.Data[group.Data]
		if group.Data != "" && !found {
			return nil, fmt.Errorf("%s: there is no data %q", group.About, group.Data)
		}
		for number, each := range group.Cases {
			name := fmt.Sprintf("%s %d", group.About, number+1)
			answers = append(answers, runTemplate(name, group, each, source))
		}
	}
	return answers, nil
}

func runTemplate(name string, group templateGroup, text string, source any) answer {
	missing := group.Missing
	if missing == "" {
		missing = "error"
	}
	made := template.New("case").Option("missingkey=" + missing)
	if group.Sprig == nil || *group.Sprig {
		functions := sprig.TxtFuncMap()
		functions["now"] = func() time.Time { return moment }
		made = made.Funcs(functions)
	}
	parsed, err := made.Parse(text)
	if err != nil {
		return failed(name, err, parseKinds)
	}
	var out strings.Builder
	if err := parsed.Execute(&out, typed(copied(source))); err != nil {
		return failed(name, err, executionKinds)
	}
	output := out.String()
	return answer{Case: name, Output: &output}
}

// Templates change data, as `set` does: each case has its own.
func copied(source any) any {
	text, err := json.Marshal(source)
	if err != nil {
		panic(err)
	}
	var made any
	if err := readYAML(text, &made); err != nil {
		panic(err)
	}
	return made
}

type kind struct {
	name  string
	words *regexp.Regexp
}

// The first that fits counts.
var parseKinds = []kind{
	{"unclosed", regexp.MustCompile(`unclosed|unterminated|unexpected EOF`)},
	{"undefined function", regexp.MustCompile(`function ".*" not defined`)},
	{"undefined variable", regexp.MustCompile(`undefined variable`)},
	{"syntax", regexp.MustCompile(``)},
}

var executionKinds = []kind{
	{"undefined variable", regexp.MustCompile(`undefined variable`)},
	{"missing key", regexp.MustCompile(`map has no entry for key|nil data; no entry`)},
	{"nil pointer", regexp.MustCompile(`nil pointer evaluating`)},
	{"no such field", regexp.MustCompile(`can't evaluate field`)},
	{"no such template", regexp.MustCompile(`template ".*" not defined`)},
	{"argument count", regexp.MustCompile(`wrong number of args`)},
	{"not a function", regexp.MustCompile(`can't give argument to non-function|is not a method but has arguments|` +
		`has arguments but cannot be invoked|nil is not a command|error calling call`)},
	{"range", regexp.MustCompile(`range can't iterate|to iterate over`)},
	{"comparison", regexp.MustCompile(`error calling (eq|ne|lt|le|gt|ge): `)},
	{"index", regexp.MustCompile(`error calling (index|slice|len): `)},
	{"argument type", regexp.MustCompile(`wrong type for value|cannot assign nil|invalid value; expected|expected \w+; found|` +
		`indirection through explicit nil|overflows int|can't handle`)},
	{"failed", regexp.MustCompile(`error calling`)},
	{"other", regexp.MustCompile(``)},
}

var line = regexp.MustCompile(`^template: case:(\d+)`)

func failed(name string, err error, kinds []kind) answer {
	words := err.Error()
	at := 0
	if found := line.FindStringSubmatch(words); found != nil {
		at, _ = strconv.Atoi(found[1])
	}
	for _, each := range kinds {
		if each.words.MatchString(words) {
			return answer{Case: name, Error: &fault{Kind: each.name, Line: at, Words: words}}
		}
	}
	panic("no kind")
}
