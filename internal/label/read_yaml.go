package label

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sightline/sightline/internal/yamlfile"
)

// readYAML walks the document's nodes itself. Aliases, with which a small file can
// stand for a huge one, are refused before anything is expanded, and an unknown key
// is an error and not a label that quietly lacks its prompts.
func readYAML(data []byte) ([]Label, error) {
	root, err := yamlfile.Parse(data)
	if err != nil || root == nil {
		return nil, err
	}
	if root.Kind == yaml.MappingNode {
		return yamlMapping(root)
	}
	return yamlLabels(root)
}

func yamlMapping(root *yaml.Node) ([]Label, error) {
	var labels []Label
	exclusive := false
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		var err error
		switch key.Value {
		case "labels":
			labels, err = yamlLabels(value)
		case "exclusive":
			if err = value.Decode(&exclusive); err != nil {
				err = fmt.Errorf("line %d: exclusive is true or false", value.Line)
			}
		default:
			err = fmt.Errorf("line %d: there is no key %q beside labels and exclusive", key.Line, Shorten(key.Value))
		}
		if err != nil {
			return nil, err
		}
	}
	if exclusive {
		for i := range labels {
			if labels[i].Group == "" {
				labels[i].Group = "all"
			}
		}
	}
	return labels, nil
}

func yamlLabels(n *yaml.Node) ([]Label, error) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: this is not a list of labels", n.Line)
	}
	if len(n.Content) > MaxLabels {
		return nil, fmt.Errorf("it holds more than %d labels", MaxLabels)
	}
	labels := make([]Label, len(n.Content))
	for i, item := range n.Content {
		if err := yamlLabel(item, &labels[i]); err != nil {
			return nil, err
		}
	}
	return labels, nil
}

func yamlLabel(n *yaml.Node, l *Label) error {
	switch n.Kind {
	case yaml.ScalarNode:
		var err error
		if l.Name, err = yamlName(n); err != nil {
			return fmt.Errorf("line %d: %w", n.Line, err)
		}
		return nil
	case yaml.MappingNode:
	default:
		return fmt.Errorf("line %d: a label is a name or a mapping with the key name", n.Line)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		var err error
		switch key.Value {
		case "name", "label":
			l.Name, err = yamlName(value)
		case "aliases":
			if value.Kind == yaml.ScalarNode && strings.Contains(value.Value, ",") {
				err = fmt.Errorf("aliases are a list, [puppy, hound]: %q would be one alias", Shorten(value.Value))
				break
			}
			l.Aliases, err = yamlTexts(value)
		case "prompts":
			l.Prompts, err = yamlTexts(value)
		case "parent":
			l.Parent, err = yamlText(value)
		case "group":
			l.Group, err = yamlText(value)
		case "threshold":
			var text string
			if text, err = yamlText(value); err == nil {
				err = setThreshold(l, text)
			}
		default:
			err = errors.New("the keys of a label are name, aliases, prompts, parent, group and threshold, not " + Shorten(key.Value))
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", key.Line, err)
		}
	}
	return nil
}

// yamlName reads a name. What YAML takes for true, false or nothing is none unless it
// stands in quotes: an empty place in a list of a program is more often a mistake.
func yamlName(n *yaml.Node) (string, error) {
	switch n.ShortTag() {
	case "!!bool", "!!null":
		if n.Kind == yaml.ScalarNode && n.Value != "" {
			return "", fmt.Errorf("%s is no name here; in quotes, %q, it is one", n.Value, n.Value)
		}
	}
	return yamlText(n)
}

func yamlText(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", errors.New("this is not a single text")
	}
	if n.Tag == "!!null" {
		return "", nil
	}
	return strings.TrimSpace(n.Value), nil
}

// yamlTexts reads a list of texts, or one text for a list of one.
func yamlTexts(n *yaml.Node) ([]string, error) {
	if n.Kind != yaml.SequenceNode {
		text, err := yamlText(n)
		if text == "" {
			return nil, err
		}
		return []string{text}, err
	}
	var out []string
	for _, item := range n.Content {
		text, err := yamlText(item)
		if err != nil {
			return nil, err
		}
		if text != "" {
			out = append(out, text)
		}
	}
	return out, nil
}
