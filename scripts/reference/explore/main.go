// Command explore writes what explore.py holds against scikit-learn and umap-learn: the
// embeddings of an index, how package kmeans divides them with ten seeds, and how package
// layout lays them out.
//
// usage: explore DB OUT K, where K is the number of clusters.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sightline/sightline/internal/app"
	"github.com/sightline/sightline/internal/config"
	"github.com/sightline/sightline/internal/explore/kmeans"
	"github.com/sightline/sightline/internal/explore/layout"
	"github.com/sightline/sightline/internal/explore/neighbours"
	"github.com/sightline/sightline/internal/store"
	"github.com/sightline/sightline/internal/vec"
)

const (
	seeds   = 10
	nearest = 14
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "explore:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: explore DB OUT K")
	}
	k, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	cfg := config.Default()
	cfg.DB = args[0]
	env := app.Env{Getenv: os.Getenv, Log: slog.New(slog.DiscardHandler)}
	st, err := env.OpenStore(ctx, cfg, store.ReadOnly, store.Model{})
	if err != nil {
		return err
	}
	defer st.Close()
	var list [][]float32
	var ids, paths []string
	for r, err := range st.Scan(ctx, nil, store.Fields{Vectors: true}) {
		if err != nil {
			return err
		}
		list, ids, paths = append(list, r.Vector), append(ids, r.ID), append(paths, r.Path)
	}
	rows, err := vec.FromRows(list...)
	if err != nil {
		return err
	}
	out := func(name string) string { return filepath.Join(args[1], name) }
	if err := write(out("vectors.f32"), rows.Data); err != nil {
		return err
	}
	if err := os.WriteFile(out("paths.txt"), []byte(strings.Join(paths, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	for seed := range uint64(seeds) {
		c, err := kmeans.Divide(ctx, rows, k, kmeans.Options{Seed: seed})
		if err != nil {
			return err
		}
		if err := write(out(fmt.Sprintf("clusters%d.i32", seed)), c.Of); err != nil {
			return err
		}
	}
	near, err := neighbours.FromStore(ctx, st, ids, rows, nearest, func(int) {})
	if err != nil {
		return err
	}
	for seed := range uint64(seeds / 2) {
		points, err := layout.Draw(ctx, rows, near, layout.Options{Seed: seed})
		if err != nil {
			return err
		}
		if err := write(out(fmt.Sprintf("layout%d.f32", seed)), points); err != nil {
			return err
		}
		trust, err := layout.Trustworthiness(ctx, rows, points, nearest+1, rows.Rows, seed)
		if err != nil {
			return err
		}
		fmt.Printf("seed %d: trustworthiness %.4f\n", seed, trust)
	}
	return nil
}

func write(name string, data any) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := binary.Write(f, binary.LittleEndian, data); err != nil {
		return err
	}
	return f.Close()
}
