package store

// About is what a picture says about itself besides its keywords, which are tags. A
// zero field says nothing.
type About struct {
	// Date is Record.TakenAt as far as it is known, in the form of ISO 8601: 1965-07,
	// 2021-05-06T01:00:00+09:00. A zone is only there where the picture tells it.
	Date string `json:"date,omitempty"`
	// DateKind says which of a picture's dates it is: "original", "digitized", "iptc",
	// "xmp", "modified", "gps" or "text".
	DateKind string   `json:"date_kind,omitempty"`
	Title    string   `json:"title,omitempty"`
	Caption  string   `json:"caption,omitempty"`
	Rating   int      `json:"rating,omitempty"` // stars 1..5; -1 is a rejected picture
	Make     string   `json:"make,omitempty"`   // of the camera
	Model    string   `json:"model,omitempty"`
	Position Position `json:"position,omitzero"`
	// Damage says what is wrong with a file whose picture could be shown all the same;
	// "" where nothing is.
	Damage string `json:"damage,omitempty"`
	// Twin is the SHA-256, in hex, of the picture beside a camera's RAW file that the
	// vector was made of; "" where it was made of the file's own pixels.
	Twin string `json:"twin,omitempty"`
}

// Position is a place on Earth in degrees of WGS 84, north and east positive. The zero
// Position is none: the real place is open sea.
type Position struct {
	Latitude  float64 `json:"lat"`
	Longitude float64 `json:"lon"`
}

// StaleMetadata is the MetadataStamp of a record whose metadata an older version of
// this program read, in another way: no file has it, so that the next run reads the
// metadata again, and nothing but them.
const StaleMetadata = 1
