// Copyright (c) 2026, the arkive.k8s contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"regexp"
	"sort"
	"strings"

	"k8s.io/client-go/util/jsonpath"
)

// Cases that share data and options; `cases` are JSONPaths.
type pathGroup struct {
	About        string   `json:"about"`
	Data         string   `json:"data"`
	AllowMissing bool     `json:"allow_missing"`
	Unordered    bool     `json:"unordered"`
	Cases        []string `json:"cases"`
}

// runJSONPaths is client-go's JSONPath, as kubectl and Kanister's Wait use it: on what the API server's JSON is read to.
func runJSONPaths(text []byte) ([]answer, error) {
	var file struct {
		Data   map[string]any `json:"data"`
		Groups []pathGroup    `json:"groups"`
	}
	if err := readYAML(text, &file); err != nil {
		return nil, err
	}
	answers := []answer{}
	for _, group := range file.Groups {
		source, found := file.Data[group.Data]
		if !found {
			return nil, fmt.Errorf("%s: there is no data %q", group.About, group.Data)
		}
		for number, each := range group.Cases {
			answers = append(answers, runJSONPath(fmt.Sprintf("%s %d", group.About, number+1), group, each, plain(copied(source))))
		}
	}
	return answers, nil
}

func runJSONPath(name string, group pathGroup, text string, source any) (made answer) {
	// client-go panics where a range in a range has nothing to go through.
	defer func() {
		if panicked := recover(); panicked != nil {
			words := fmt.Sprint(panicked)
			made = answer{Case: name, Error: &fault{Kind: "nothing to go through", Words: words}}
		}
	}()
	path := jsonpath.New("case").AllowMissingKeys(group.AllowMissing)
	if err := path.Parse(text); err != nil {
		return failed(name, err, pathSyntaxKinds)
	}
	var out strings.Builder
	if err := path.Execute(&out, source); err != nil {
		return failed(name, err, pathKinds)
	}
	output := out.String()
	if group.Unordered {
		words := strings.Fields(output)
		sort.Strings(words)
		output = strings.Join(words, " ")
	}
	return answer{Case: name, Output: &output}
}

// The first that fits counts.
var pathSyntaxKinds = []kind{
	{"unclosed action", regexp.MustCompile(`^unclosed action`)},
	{"unknown character", regexp.MustCompile(`^unrecognized character`)},
	{"two descents", regexp.MustCompile(`^invalid multiple recursive descent`)},
	{"bad number", regexp.MustCompile(`^cannot parse number`)},
	{"unclosed array", regexp.MustCompile(`^unterminated array`)},
	{"bad index", regexp.MustCompile(`^invalid array index|^array index .* is not a number`)},
	{"unclosed filter", regexp.MustCompile(`^unterminated filter|^unclosed array expect`)},
	{"unclosed text", regexp.MustCompile(`^unterminated quoted string`)},
	{"bad escape", regexp.MustCompile(`^unquote string`)},
}

var pathKinds = []kind{
	{"not found", regexp.MustCompile(`is not found$`)},
	{"not a list", regexp.MustCompile(`is not array or slice`)},
	{"out of bounds", regexp.MustCompile(`^array index out of bounds`)},
	{"start after end", regexp.MustCompile(`^starting index .* is greater than ending index`)},
	{"bad step", regexp.MustCompile(`^step must be > 0`)},
	{"several values", regexp.MustCompile(`^can only compare one element at a time`)},
	{"not comparable", regexp.MustCompile(`^invalid type for comparison`)},
	{"other types", regexp.MustCompile(`^incompatible types for comparison`)},
	{"unknown operator", regexp.MustCompile(`^unrecognized filter operator`)},
	{"unknown word", regexp.MustCompile(`^unrecognized identifier`)},
	{"end without range", regexp.MustCompile(`^not in range`)},
}
