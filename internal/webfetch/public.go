package webfetch

import "net/netip"

// reserved are networks that are no part of the public internet, of IANA's registries of
// special-purpose addresses, beyond those that netip knows by name.
var reserved = parse(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4",
	"64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
)

// Networks whose addresses hold one of version 4, which is where packets go in the end.
var (
	translated = netip.MustParsePrefix("64:ff9b::/96") // NAT64: the last four bytes
	sixToFour  = netip.MustParsePrefix("2002::/16")    // 6to4: bytes 2 to 5
	compatible = netip.MustParsePrefix("::/96")        // the old form of mapped ones
)

func parse(networks ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(networks))
	for i, n := range networks {
		out[i] = netip.MustParsePrefix(n)
	}
	return out
}

// Public reports whether an address is one of the public internet: neither of this
// machine, nor of a private or a reserved network, nor of a group.
func Public(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, n := range reserved {
		if n.Contains(a) {
			return false
		}
	}
	if a.Is4() {
		return true
	}
	b := a.As16()
	switch {
	case translated.Contains(a), compatible.Contains(a):
		return Public(netip.AddrFrom4([4]byte(b[12:16])))
	case sixToFour.Contains(a):
		return Public(netip.AddrFrom4([4]byte(b[2:6])))
	}
	return true
}
