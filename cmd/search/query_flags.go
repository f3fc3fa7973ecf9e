package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sightline/sightline/internal/cmdline"
)

// queryFlags are those of every command that finds pictures.
func queryFlags() []cli.Flag {
	const narrowing, accuracy = "Narrowing", "Accuracy"
	return cmdline.Flags([]cli.Flag{
		&cli.IntFlag{Name: "k", Aliases: []string{"n", "t", "top"}, Usage: "find at most `N` pictures", Value: 10, Category: narrowing},
		&cli.Float64Flag{Name: "min-score", Usage: "leave out pictures with a score below `S`, -1 to 1", Value: -1, Category: narrowing},
		&cli.StringSliceFlag{Name: "under", Usage: "only below `PATH`; repeatable", Category: narrowing},
		&cli.StringFlag{Name: "after", Usage: "only taken on `DATE` or later (2024-05-31, 2024-05, 2024), by the clock of where it was taken", Category: narrowing},
		&cli.StringFlag{Name: "before", Usage: "only taken before `DATE`", Category: narrowing},
		&cli.BoolFlag{Name: "file-dates", Usage: "let the time of its file stand for the date of a picture that has none", Category: narrowing},
		&cli.StringSliceFlag{Name: "tag", Usage: "only with this `TAG`; of several flags all must hold; in the query: tag:a OR tag:b, -tag:c", Category: narrowing},
		&cli.StringSliceFlag{Name: "format", Usage: "only files of this format, or of a maker's RAW such as nef; repeatable, or divided by commas (`jpeg|png|gif|webp|bmp|tiff|heic|avif|jxl|psd|pnm|tga|pcx|qoi|ico|raw`)", Category: narrowing},
		&cli.StringSliceFlag{Name: "cluster", Usage: "only in this `CLUSTER` of indexer explore, such as 3 or 3.1; repeatable, for any of them", Category: narrowing},
		&cli.StringFlag{Name: "cutoff", Usage: "end the list `WHERE`: auto (nothing where nothing matches), none, a cosine such as 0.25, a probability such as p0.3", DefaultText: "say so where nothing matches", Category: narrowing},
		&cli.IntFlag{Name: "offset", Usage: "pass over the first `N` pictures", Category: narrowing},
		&cli.IntFlag{Name: "page", Usage: "show the `N`th page of -k pictures", DefaultText: "1", Category: narrowing},
		&cli.BoolFlag{Name: "no-fold", Usage: "list every copy of a picture, and not only the first", Category: narrowing},
		&cli.BoolFlag{Name: "allow-urls", Usage: "fetch the pictures on the web that the query names", Category: narrowing},
		&cli.StringFlag{Name: "group-by", Usage: "put the pictures of a page together by this (`cluster|dir|day`)", Category: cmdline.CategoryOut},
		&cli.BoolFlag{Name: "explain", Usage: "say what each part of the query does to each picture", Category: narrowing},
		&cli.BoolFlag{Name: "exact", Usage: "look at every picture, where the index would pass some over", Category: accuracy},
		&cli.StringFlag{Name: "server", Usage: "let a running search serve of this index answer (`auto|off|ADDRESS`)", Value: "auto", Category: accuracy},
		&cli.BoolFlag{Name: "verify", Usage: "search exactly as well, and say what share of the nearest the index found", Category: accuracy},
	}, cmdline.HitFlags(), cmdline.OutputFlags(), cmdline.StoreFlags(), cmdline.ModelFlags())
}

// splitCommas divides values that can hold no comma themselves, as names of formats.
func splitCommas(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.Split(v, ",")...)
	}
	return out
}
