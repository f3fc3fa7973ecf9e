package terminal

import "strings"

// Bar draws a share of 0 to 1 as a bar that fills a number of cells, in eighths of a cell.
// What is left of the cells is blank.
func Bar(share float32, cells int) string {
	eighths := int(min(max(share, 0), 1)*float32(cells)*8 + 0.5)
	b := strings.Repeat("█", eighths/8)
	drawn := eighths / 8
	if rest := eighths % 8; rest > 0 {
		b += string([]rune(" ▏▎▍▌▋▊▉")[rest])
		drawn++
	}
	return b + strings.Repeat(" ", cells-drawn)
}
