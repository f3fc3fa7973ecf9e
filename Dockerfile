# One small image with both commands, ONNX Runtime and the starter model. It runs as
# nobody in particular, writes to /data and /tmp only, and reads photos that are
# mounted, by custom at /photos:
#
#   docker build -t sightline .
#   docker run --rm -v ~/Pictures:/photos:ro -v sightline:/data sightline indexer run /photos
#   docker run --rm -v ~/Pictures:/photos:ro -v sightline:/data sightline search "a dog on a beach"

FROM golang:1.26.8-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends libjpeg62-turbo-dev python3 python3-pip \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# What changes seldom comes first, so that a change of the code fetches nothing again.
COPY scripts/shell.sh scripts/onnxruntime.sh scripts/
RUN scripts/onnxruntime.sh
COPY go.mod go.sum ./
RUN go mod download
COPY assets.go config.yaml ./
COPY cmd cmd
COPY internal internal
ARG VERSION=docker
RUN go build -tags nodynamic -trimpath -o bin/ \
    -ldflags "-s -w -X github.com/sightline/sightline/internal/cmdline.Version=$VERSION" ./cmd/...

FROM debian:bookworm-20260824-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libjpeg62-turbo libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o 10001 -g 10001 /data
# The programs look for lib and models beside bin.
COPY --from=build /src/bin /opt/sightline/bin
COPY --from=build /src/lib /opt/sightline/lib
COPY models/starter /opt/sightline/models/starter
COPY LICENSE /opt/sightline/
ENV PATH=/opt/sightline/bin:/usr/local/bin:/usr/bin:/bin \
    XDG_DATA_HOME=/data \
    XDG_CACHE_HOME=/data/cache
USER 10001:10001
WORKDIR /photos
VOLUME /data
CMD ["indexer", "--help"]
