package clip

import (
	"fmt"
	"math"
)

// Calibration holds the numbers of one model that its training does not give, and that
// zeroshot.BackgroundSoftmax needs to turn cosines into probabilities. They stand in the
// model's sightline.json, so that they hold wherever the model lies and whatever it is
// called.
type Calibration struct {
	// Breadth is how far a label that lies near to everything is made up for, 0 to 1.
	Breadth float64 `json:"breadth,omitempty"`
	// Gain and Offset are slope and intercept of the log odds; a Gain of 0 stands for 1.
	Gain   float64 `json:"gain,omitempty"`
	Offset float64 `json:"offset,omitempty"`
}

// check refuses numbers with which a higher cosine would not be a higher probability.
func (c Calibration) check() error {
	switch {
	case !(c.Breadth >= 0 && c.Breadth <= 1):
		return fmt.Errorf("calibration.breadth is %v, it must be from 0 to 1", c.Breadth)
	case !(c.Gain >= 0 && c.Gain < 1e6):
		return fmt.Errorf("calibration.gain is %v, it must be above 0 and below 1e6", c.Gain)
	case !(math.Abs(c.Offset) < 1e6):
		return fmt.Errorf("calibration.offset is %v, it must be between -1e6 and 1e6", c.Offset)
	}
	return nil
}
