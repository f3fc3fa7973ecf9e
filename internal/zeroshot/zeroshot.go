// Package zeroshot labels pictures without training: it compares their embeddings with
// those of texts about each label, and turns the cosines into probabilities.
//
// A Classifier is a label list made ready for one model: its prompts, embedded, and
// beside them the background prompts, everyday concepts that stand together for "none of
// these" (the --bank of the command line). A label has to stand out against them. A
// Calibration says how far it does.
//
// The package works on matrices alone. Package tagging goes through an index with it.
package zeroshot
