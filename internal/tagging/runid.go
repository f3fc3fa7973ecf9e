package tagging

import "github.com/sightline/sightline/internal/zeroshot"

// RunID names the run that these options and a classifier make: what Tag calls it.
func (o *Options) RunID(c *zeroshot.Classifier) string { return o.newRun(c).ID }
