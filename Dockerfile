# doorward in a container: its binary on an image without a shell.

FROM rust:1-bookworm AS build
WORKDIR /build

# The dependencies alone. They take most of the time, and a change of our own code does not touch
# this layer.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked

COPY askama.toml build.rs ./
COPY config config
COPY migrations migrations
COPY src src
# Our files may be older than the layer above, and cargo would believe that it has built them.
RUN touch src/main.rs src/lib.rs \
    && cargo build --release --locked

# glibc and the certificate authorities that mail servers are checked against, and little else.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/release/doorward /usr/local/bin/doorward

# A production.toml may be mounted into this folder; settings can also come from the environment.
ENV DOORWARD_ENV=production \
    DOORWARD_CONFIG_DIR=/etc/doorward

# The image's `nonroot`, in digits so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 1337

# Ready means that the database answers; migrations at start have a minute.
HEALTHCHECK --interval=5s --timeout=6s --start-period=60s --retries=3 \
    CMD ["/usr/local/bin/doorward", "healthcheck"]

ENTRYPOINT ["/usr/local/bin/doorward"]
