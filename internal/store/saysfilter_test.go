package store

import (
	"strings"
	"testing"
)

func TestNameLike(t *testing.T) {
	for _, c := range []struct {
		glob, path string
		want       bool
	}{
		{"*sunset*", "/a/My Sunset.jpg", true},
		{"*sunset*", "/sunset/dog.jpg", false},
		{"img_????.jpg", "/a/IMG_0042.JPG", true},
		{"img_????.jpg", "/a/IMG_042.JPG", false},
		{"*", "/a/b", true},
		{"", "/a/b", false},
		{"a*b*c", "/x/aXbXbc", true},
		{"a*b*c", "/x/aXbXbd", false},
		{"é?.png", "/x/É犬.png", true},
		{"img(1)[2].jpg", "/x/img(1)[2].jpg", true},
		{strings.Repeat("*a", 40) + "b", "/x/" + strings.Repeat("a", 4000), false},
	} {
		if got := NameLike(c.glob).Match(c.path); got != c.want {
			t.Errorf("%s, %s: %v", c.glob, c.path, got)
		}
	}
}

func TestMatchSays(t *testing.T) {
	kyoto := Position{Latitude: 35.0116, Longitude: 135.7681}
	r := Record{Path: "/p/x.jpg", Width: 3000, Height: 2000, About: About{
		Title: "Geburtstag", Caption: "Blowing out CANDLES", Rating: 3, Make: "FUJIFILM", Model: "X100V", Position: kyoto}}
	bare := Record{Path: "/p/y.jpg"}
	for _, c := range []struct {
		f          Filter
		says, bare bool
	}{
		{CameraHas("fujifilm x100"), true, false},
		{CameraHas("nikon"), false, false},
		{CaptionHas("candles"), true, false},
		{CaptionHas("geburt"), true, false},
		{RatedAtLeast(3), true, false},
		{RatedAtLeast(3.5), false, false},
		{RatedAtMost(2), false, true},
		{Has(HasGPS), true, false},
		{Has(HasCaption), true, false},
		{Has(HasRating), true, false},
		{Has(HasCamera), true, false},
		{Has(HasTags), false, false},
		{Has("wings"), false, false},
		{Within{Position{Latitude: 35, Longitude: 135.7}, 10000}, true, false},
		{Within{Position{Latitude: 35, Longitude: 135.7}, 1000}, false, false},
		{Within{Position{Latitude: 0, Longitude: 0}, 1000}, false, false}, // where no position is
		{SideAtLeast{Width, 3000}, true, false},
		{SideAtLeast{Width, 3000.5}, false, false},
		{SideAtMost{Height, 1999.9}, false, true},
	} {
		if got := Match(c.f, &r); got != c.says {
			t.Errorf("%T %v: %v", c.f, c.f, got)
		}
		if got := Match(c.f, &bare); got != c.bare {
			t.Errorf("%T %v of a picture that says nothing: %v", c.f, c.f, got)
		}
	}
	tagged := Record{Tags: []Tag{{Label: "x", Source: "user"}}}
	if !Match(Has(HasTags), &tagged) {
		t.Error("a tagged picture has no tag")
	}
}

// A place across the date line is near.
func TestWithinAcrossTheDateLine(t *testing.T) {
	r := Record{About: About{Position: Position{Latitude: -17, Longitude: -179.99}}}
	if !Match(Within{Position{Latitude: -17, Longitude: 179.99}, 5000}, &r) {
		t.Error("2 km across the date line are far")
	}
}

// Whatever a filter matches, the widened one does.
func TestWiden(t *testing.T) {
	can := func(f Filter) bool { return !Mentions(f, func(f Filter) bool { _, ok := f.(NameLike); return ok }) }
	a, b := Record{Path: "/a/x.jpg", Format: "jpeg"}, Record{Path: "/a/y.png", Format: "png"}
	for _, f := range []Filter{
		NameLike("x*"), Not{NameLike("x*")}, And{NameLike("x*"), FormatIs("jpeg")}, Or{NameLike("x*"), FormatIs("png")},
		Not{And{NameLike("x*"), FormatIs("jpeg")}}, Not{Or{NameLike("q"), FormatIs("png")}}, And{Or{NameLike("x*")}, Not{FormatIs("png")}},
	} {
		wide := Widen(f, can)
		if !can(wide) {
			t.Errorf("%#v: %#v is not answered either", f, wide)
		}
		for _, r := range []*Record{&a, &b} {
			if Match(f, r) && !Match(wide, r) {
				t.Errorf("%#v loses %s as %#v", f, r.Path, wide)
			}
		}
	}
	if got := Widen(And{NameLike("x"), FormatIs("png")}, can); Match(got, &a) {
		t.Error("what can be answered was given up")
	}
}
