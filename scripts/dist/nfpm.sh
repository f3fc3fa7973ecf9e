#!/usr/bin/env bash
# Prints the recipe of the Linux packages for nfpm. VERSION, ARCH, TREE (the unpacked
# release) and SOURCE_DATE_EPOCH are in the environment.
#
# Everything lies in /usr/lib/sightline, as in the unpacked release, with links in
# /usr/bin: the programs find what is beside them by where they really are. Nothing is
# put where data, fetched models or settings lie, and no script runs.
set -euo pipefail

mtime=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
cat <<END
name: sightline
arch: $ARCH
platform: linux
version: $VERSION
release: "1"
section: graphics
priority: optional
maintainer: Sightline <sightline@localhost>
description: |
  Finds and labels pictures by meaning
  Indexes folders of pictures with a CLIP model and finds them by what they show.
  It needs no server and no network, and a small model is inside.
license: Apache-2.0
mtime: $mtime
overrides:
  deb:
    depends: [libc6 (>= 2.34), libstdc++6 (>= 11), libgcc-s1]
    conflicts: [sphinxsearch]
  rpm:
    depends: [glibc, libstdc++, libgcc]
    conflicts: [sphinx]
rpm:
  buildhost: sightline
contents:
END
for part in bin lib models config.yaml; do
  if [ -d "$TREE/$part" ]; then type='type: tree, '; else type=; fi
  echo "- {src: \"$TREE/$part\", dst: /usr/lib/sightline/$part, ${type}file_info: {mtime: $mtime}}"
done
for program in indexer search sightline; do
  echo "- {src: ../lib/sightline/bin/$program, dst: /usr/bin/$program, type: symlink, file_info: {mtime: $mtime}}"
done
# Debian's zsh looks elsewhere than zsh itself.
echo "- {src: \"$TREE/share/zsh/site-functions\", dst: /usr/share/zsh/vendor-completions, type: tree, packager: deb, file_info: {mtime: $mtime}}"
echo "- {src: \"$TREE/share/zsh/site-functions\", dst: /usr/share/zsh/site-functions, type: tree, packager: rpm, file_info: {mtime: $mtime}}"
for part in man bash-completion fish; do
  echo "- {src: \"$TREE/share/$part\", dst: /usr/share/$part, type: tree, file_info: {mtime: $mtime}}"
done
for file in README.md CHANGELOG.md NOTICE LICENSE sbom.cdx.json; do
  echo "- {src: \"$TREE/$file\", dst: /usr/share/doc/sightline/$file, file_info: {mtime: $mtime}}"
done
echo "- {src: \"$TREE/NOTICE\", dst: /usr/share/doc/sightline/copyright, file_info: {mtime: $mtime}}"
echo "- {src: \"$TREE/docs\", dst: /usr/share/doc/sightline/docs, type: tree, file_info: {mtime: $mtime}}"
echo "- {src: \"$TREE/licences\", dst: /usr/share/doc/sightline/licences, type: tree, file_info: {mtime: $mtime}}"
