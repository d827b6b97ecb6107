// Copyright (c) 2026, the arkive.k8s contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata"

	gocron "github.com/netresearch/go-cron"
	robfig "github.com/robfig/cron/v3"
)

// Expressions that are asked for the times that come after a base, in the zone of whose clock they are read.
type cronGroup struct {
	About string   `json:"about"`
	Zone  string   `json:"zone"`
	Base  string   `json:"base"`
	Until string   `json:"until"`
	Cases []string `json:"cases"`
}

type ticker interface{ Next(time.Time) time.Time }

// The cron engines of Velero 1.15 to 1.18.2, and from 1.18.3.
var cronEngines = []struct {
	name  string
	parse func(string) (ticker, error)
}{
	{"velero-1.18.2", func(text string) (ticker, error) { return robfig.ParseStandard(text) }},
	{"velero-1.18.3", func(text string) (ticker, error) { return gocron.ParseStandard(text) }},
}

// So many times are told of an expression that no end is set to, and so many of a year before it is a digest.
const (
	fewTicks  = 4
	manyTicks = 400
)

func runCrons(text []byte) ([]answer, error) {
	var file struct {
		Groups []cronGroup `json:"groups"`
	}
	if err := readYAML(text, &file); err != nil {
		return nil, err
	}
	answers := []answer{}
	for _, group := range file.Groups {
		zone, err := time.LoadLocation(group.Zone)
		if err != nil {
			return nil, err
		}
		base, until, err := group.times(zone)
		if err != nil {
			return nil, err
		}
		for number, each := range group.Cases {
			for _, engine := range cronEngines {
				name := fmt.Sprintf("%s %d %s", group.About, number+1, engine.name)
				answers = append(answers, runCron(name, each, base, until, engine.parse))
			}
		}
	}
	return answers, nil
}

func (group cronGroup) times(zone *time.Location) (base, until time.Time, err error) {
	const wall = "2006-01-02T15:04:05"
	if base, err = time.ParseInLocation(wall, group.Base, zone); err != nil || group.Until == "" {
		return
	}
	until, err = time.ParseInLocation(wall, group.Until, zone)
	return
}

func runCron(name, text string, base, until time.Time, parse func(string) (ticker, error)) (made answer) {
	// Velero recovers, and calls the schedule invalid.
	defer func() {
		if panicked := recover(); panicked != nil {
			made = answer{Case: name, Error: &fault{Kind: "zone", Words: fmt.Sprint(panicked)}}
		}
	}()
	schedule, err := parse(text)
	if err != nil {
		return failed(name, err, cronKinds)
	}
	output := told(ticks(schedule, base, until))
	return answer{Case: name, Output: &output}
}

func ticks(schedule ticker, base, until time.Time) []string {
	found := []string{}
	for moment := schedule.Next(base); ; moment = schedule.Next(moment) {
		switch {
		case moment.IsZero():
			return append(found, "never")
		case !until.IsZero() && moment.After(until):
			return found
		}
		found = append(found, moment.UTC().Format(time.RFC3339))
		if until.IsZero() && len(found) == fewTicks {
			return found
		}
	}
}

func told(found []string) string {
	whole := strings.Join(found, " ")
	if len(found) <= manyTicks {
		return whole
	}
	return fmt.Sprintf("%d times, %x", len(found), sha256.Sum256([]byte(whole)))
}

// The first that fits counts.
var cronKinds = []kind{
	{"empty", regexp.MustCompile(`^empty spec`)},
	{"length", regexp.MustCompile(`^spec too long`)},
	{"zone", regexp.MustCompile(`^provided bad location|^invalid timezone|^unknown time zone|^missing fields after`)},
	{"fields", regexp.MustCompile(`^expected exactly`)},
	{"descriptor", regexp.MustCompile(`^unrecognized descriptor`)},
	{"duration", regexp.MustCompile(`^failed to parse duration|^@every duration`)},
	{"value", regexp.MustCompile(`^failed to parse int|^negative number|^h expressions|^extended day-of-month|^#n/#L`)},
	{"range", regexp.MustCompile(`^too many hyphens|^beginning of range|^end of range`)},
	{"step", regexp.MustCompile(`^too many slashes|^step`)},
}
