package transfer

// Small returns options of which tests choose what programs leave open; see Options.
func Small(batch, sample int, seed uint64) Options {
	return Options{batch: batch, sample: sample, seed: seed}
}
