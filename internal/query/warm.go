package query

import "context"

// Warm loads the text tower and the background prompts, so that the first question does
// not wait for them.
func (s *Service) Warm(ctx context.Context) error {
	if _, err := s.encoder.EncodeTexts(ctx, []string{"a photo"}); err != nil {
		return err
	}
	_, err := s.judge(ctx)
	return err
}
