// Package hub brings model bundles from the Hugging Face hub and looks after the
// ones that are on this machine.
//
// A bundle is a folder in the hub's ONNX layout: config.json,
// preprocessor_config.json, tokenizer.json and, below onnx, a graph for pictures
// and one for texts in one or more precisions. Beside them a manifest
// (sightline-manifest.json) names the commit and every file's size and SHA-256.
//
// Fetch is the only thing here that touches the network. It never trusts what
// arrives: every file is held against the object id that the hub's API lists, in
// a staging folder, and moved into the bundle only when all of them are right.
// An interrupted fetch leaves its partial files and the next one goes on from
// them. Listing, verifying and opening a bundle work offline, and so does a
// Fetch of a bundle that is already whole.
package hub

// DefaultModel is the bundle that is fetched when the user names none.
const DefaultModel = "Xenova/clip-vit-base-patch32"

// DefaultEndpoint is the public hub.
const DefaultEndpoint = "https://huggingface.co"

// ManifestName is the name of the manifest in a bundle's folder.
const ManifestName = "sightline-manifest.json"
