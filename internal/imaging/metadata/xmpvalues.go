package metadata

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"
)

// xmpItem takes one item of a list of keywords.
func (c *collector) xmpItem(property xml.Name, value string) {
	if value = strings.TrimSpace(value); value == "" {
		return
	}
	switch property {
	case xml.Name{Space: nsDC, Local: "subject"}, xml.Name{Space: nsACDSee, Local: "keywords"},
		xml.Name{Space: nsMicrosoft, Local: "LastKeywordIPTC"}:
		c.keyword(&c.subjects, value)
	case xml.Name{Space: nsLightroom, Local: "hierarchicalSubject"}, xml.Name{Space: nsMediaPro, Local: "CatalogSets"}:
		c.keyword(&c.hierarchies, value)
	case xml.Name{Space: nsDigiKam, Local: "TagsList"}, xml.Name{Space: nsMicrosoft, Local: "LastKeywordXMP"}:
		c.keyword(&c.hierarchies, strings.ReplaceAll(value, "/", "|"))
	case xml.Name{Space: nsACDSee, Local: "categories"}:
		c.acdsee(value)
	case xml.Name{Space: nsSightline, Local: "subject"}:
		c.keyword(&c.ourSubjects, withoutRun(value))
	case xml.Name{Space: nsSightline, Local: "hierarchicalSubject"}:
		c.keyword(&c.ourHierarchies, withoutRun(value))
	}
}

// withoutRun leaves out the first word of one of our items, which names the run.
func withoutRun(item string) string {
	_, label, _ := strings.Cut(item, " ")
	return label
}

// acdsee reads acdsee:categories, a text that is XML of its own: categories inside
// categories, of which some are marked as assigned to the picture.
func (c *collector) acdsee(value string) {
	d := xml.NewDecoder(strings.NewReader(value))
	d.Strict = false
	type category struct {
		name     string
		assigned bool
	}
	var path []category
	for range maxListed {
		token, err := d.Token()
		if err != nil || len(path) > maxXMPDepth {
			return
		}
		switch t := token.(type) {
		case xml.StartElement:
			next := category{}
			for _, a := range t.Attr {
				next.assigned = next.assigned || a.Name.Local == "Assigned" && a.Value == "1"
			}
			path = append(path, next)
		case xml.CharData:
			if n := len(path); n > 0 && path[n-1].name == "" {
				path[n-1].name = strings.TrimSpace(string(t[:min(len(t), MaxKeywordBytes)]))
			}
		case xml.EndElement:
			if n := len(path); n > 0 && path[n-1].assigned {
				names := make([]string, n)
				for i, p := range path {
					names[i] = p.name
				}
				c.keyword(&c.hierarchies, strings.Join(names, "|"))
			}
			path = path[:max(0, len(path)-1)]
		}
	}
}

// xmpValue takes a property that has one value.
func (c *collector) xmpValue(property xml.Name, value string) {
	if value = strings.TrimSpace(value); value == "" {
		return
	}
	switch property.Space {
	case nsEXIF:
		c.xmpEXIF(property.Local, value)
	case nsTIFF:
		switch property.Local {
		case "Orientation":
			n, _ := strconv.Atoi(value)
			c.turn(fromXMP, n)
		case "Make":
			c.keepText(&c.camera[fromXMP][0], "maker", value)
		case "Model":
			c.keepText(&c.camera[fromXMP][1], "model", value)
		}
	case nsPhotoshop:
		switch property.Local {
		case "DateCreated":
			c.xmpDate(rankXMPPhotoshop, value)
		case "Headline":
			c.title(titleHeadlineXMP, value)
		}
	case nsXMP:
		switch property.Local {
		case "CreateDate":
			c.xmpDate(rankXMPCreate, value)
		case "MetadataDate":
			c.writtenAt(value)
		case "Rating":
			c.rating(ratingXMP, stars(value))
		}
	case nsMicrosoft:
		if f, err := strconv.ParseFloat(value, 64); err == nil && property.Local == "Rating" {
			c.rating(ratingMicrosoft, starsOfPercent(f))
		}
	case nsDC:
		switch property.Local {
		case "title":
			c.title(titleXMP, value)
		case "description":
			c.caption(captionXMP, value)
		}
	}
}

func (c *collector) xmpEXIF(name, value string) {
	switch name {
	case "DateTimeOriginal":
		c.xmpDate(rankXMPOriginal, value)
	case "DateTimeDigitized":
		c.xmpDate(rankXMPDigitized, value)
	case "UserComment":
		c.caption(captionUserComment, value)
	case "GPSLatitude", "GPSLongitude", "GPSAltitude":
		c.xmpGPS(name, value)
	}
}

func (c *collector) xmpDate(rank int, value string) {
	if d, ok := ParseDate(value); ok {
		c.date(rank, d)
	}
}

func (c *collector) writtenAt(value string) {
	d, ok := ParseDate(value)
	if ok && c.written.IsZero() {
		c.written = d.Time.Add(-time.Duration(d.Zone) * time.Second)
	}
}

// stars reads a rating, which some programs write as "5.0".
func stars(value string) int {
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || !(f >= -1 && f <= 5) {
		return 0
	}
	return int(f)
}
