package query

import (
	"context"
	"fmt"

	"github.com/sightline/sightline/internal/query/saved"
)

// RefreshLabel makes a saved label again, of the pictures that it was made of and with the
// model of the index, as is needed once that is another one. Where one of the pictures
// cannot be had the label stays as it is, and the error names the picture. It is
// saved.ErrUnknown where there is no such label.
func (s *Service) RefreshLabel(ctx context.Context, name string) (*saved.Label, error) {
	labels, err := s.savedLabels(ctx)
	if err != nil {
		return nil, err
	}
	old, err := labels.Load(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(old.Like) == 0 {
		return nil, fmt.Errorf("#%s: what pictures it was made of is not known", old.Name)
	}
	l, err := s.SaveLabel(ctx, old.Name, Examples{Like: old.Like, Unlike: old.Unlike}, saved.Overwrite, old.Created)
	if err != nil {
		return nil, fmt.Errorf("#%s stays as it was: %w", old.Name, err)
	}
	return l, nil
}

// StaleLabels are the names of the saved labels that another model made than that of the
// index, and an error for each label that cannot be read.
func (s *Service) StaleLabels(ctx context.Context) ([]string, []error) {
	if s.saved == nil {
		return nil, nil
	}
	labels, err := s.saved(ctx)
	if err != nil {
		return nil, []error{err}
	}
	list, failed := labels.List(ctx)
	var names []string
	for _, l := range list {
		if _, err := l.VectorFor(s.store.Model()); err != nil {
			names = append(names, l.Name)
		}
	}
	return names, failed
}
