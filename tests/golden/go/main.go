// Copyright (c) 2026, the arkive.k8s contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Runs the engines that ours must equal over a file of cases, and prints what they answered as JSON:
//
//	go run . templates ../templates/cases.yml
//	go run . jsonpath ../jsonpath/cases.yml
//	go run . cron ../cron/cases.yml
//
// `make golden` does this for all of them, and writes expected.json beside the cases.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"sigs.k8s.io/yaml"
)

// An answer is what one case gave: an output, or an error's kind and line.
type answer struct {
	Case   string  `json:"case"`
	Output *string `json:"output,omitempty"`
	Error  *fault  `json:"error,omitempty"`
}

// A fault is an error by its meaning. The words are for who reads the file: ours are others.
type fault struct {
	Kind  string `json:"kind"`
	Line  int    `json:"line,omitempty"`
	Words string `json:"words"`
}

var engines = map[string]func([]byte) ([]answer, error){
	"templates": runTemplates,
	"cron":      runCrons,
	"jsonpath":  runJSONPaths,
}

func main() {
	time.Local = time.UTC
	if len(os.Args) != 3 || engines[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: golden {cron|templates|jsonpath} CASES")
		os.Exit(2)
	}
	if err := run(engines[os.Args[1]], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(engine func([]byte) ([]answer, error), file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	answers, err := engine(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return print(answers)
}

// One answer a line, so that a change shows as one in a diff.
func print(answers []answer) error {
	var out bytes.Buffer
	out.WriteString("[")
	for i, each := range answers {
		if i > 0 {
			out.WriteString(",")
		}
		out.WriteString("\n")
		var line bytes.Buffer
		encoder := json.NewEncoder(&line)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(each); err != nil {
			return err
		}
		out.Write(bytes.TrimSpace(line.Bytes()))
	}
	out.WriteString("\n]\n")
	_, err := os.Stdout.Write(out.Bytes())
	return err
}

// readYAML reads numbers as the API server does: whole ones are int64, the others float64.
func readYAML(text []byte, into any) error {
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(asJSON))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// plain replaces the numbers that readYAML left as text.
func plain(value any) any {
	switch value := value.(type) {
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		float, err := value.Float64()
		if err != nil {
			panic(err)
		}
		return float
	case []any:
		for i, each := range value {
			value[i] = plain(each)
		}
	case map[string]any:
		for key, each := range value {
			value[key] = plain(each)
		}
	}
	return value
}
