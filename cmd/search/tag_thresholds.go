package main

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/fault"
	"github.com/sightline/sightline/internal/tagging/corrections"
)

// limit is a --threshold.
type limit struct {
	label       string
	probability float32 // 0 for none
}

func readThresholds(values []string) ([]limit, error) {
	var out []limit
	for _, v := range values {
		i := strings.LastIndex(v, "=")
		if i < 1 {
			return nil, fault.Usagef("for example: --threshold beach=0.6", "--threshold %q has no =", v)
		}
		l := limit{label: strings.TrimSpace(v[:i])}
		if number := strings.TrimSpace(v[i+1:]); number != "none" {
			x, err := strconv.ParseFloat(number, 32)
			if err != nil || !(x > 0 && x <= 1) {
				return nil, fault.Usagef("a probability above 0, at most 1, or none", "--threshold %q", v)
			}
			l.probability = float32(x)
		}
		out = append(out, l)
	}
	return out, nil
}

func (l limit) keep(c *cli.Context, desk *corrections.Desk) error {
	if l.probability == 0 {
		return desk.SetThreshold(c.Context, l.label, nil)
	}
	return desk.Limit(c.Context, l.label, l.probability)
}
