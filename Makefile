# Every target does its own set-up, may be run again, and says what it does.

.PHONY: help demo test lint format units matrix sanity live integration conformance bench soak golden cluster-start cluster-stop build docs clean durations

help:            ## Shows this list
	@sed -n 's/^\([a-z-]*\): *## */\1\t/p' Makefile | expand -t 16

demo:            ## Backs up and restores nginx on a real cluster, end to end
test:            ## Everything below from lint to conformance, as CI does
lint:            ## Style, types, import rules, documentation, changelog
format:          ## Formats the Python files of this checkout
units:           ## Unit tests, by pytest and by ansible-test
matrix:          ## Units and sanity's import test on each Python and ansible-core that go together (PAIRS="3.12/2.20 ..."); not part of test
sanity:          ## ansible-test sanity on the oldest and the newest ansible-core
live:            ## Tests of the engines on the cluster
integration:     ## ansible-test integration on the cluster (TARGETS="k8s_backup ..." for some)
conformance:     ## Checks the local cluster itself
bench:           ## Measures (BENCH=backup OBJECTS=30000, BENCH=restore OBJECTS=10000, BENCH=freeze PVCS=20, BENCH=small OBJECTS=20, BENCH=catalog OBJECTS=1000, BENCH=databases OBJECTS=7, BENCH=mover OBJECTS=20); KEEP=1 leaves the objects in a cluster that stays
soak:            ## Many random cases (SOAK=name SEED=1 COUNT=100; FIRST=7 COUNT=1 runs one again); not part of test
golden:          ## Writes the expectations of the golden tests anew, by Go's own engines
durations:       ## Keeps what the live tests took in the last `make test`, by which they are shared out, and writes the page on what was tried
cluster-start:   ## Builds and starts the local cluster, and leaves it running
cluster-stop:    ## Stops the local cluster
build:           ## Builds the collection archive into dist/
docs:            ## Makes the pages of the documentation, in dist/docs
clean:           ## Removes what was made for this checkout; shared caches stay

demo test lint format units sanity live integration conformance golden durations cluster-start cluster-stop build docs clean:
	@tests/setup/run $@ $(TARGETS)

bench:
	@tests/setup/run bench $(or $(BENCH),backup) $(or $(if $(filter freeze,$(BENCH)),$(or $(PVCS),20)),$(OBJECTS),$(if $(filter small,$(BENCH)),20,$(if $(filter catalog,$(BENCH)),1000,$(if $(filter databases,$(BENCH)),7,$(if $(filter mover,$(BENCH)),20,30000))))) $(if $(KEEP),keep)

matrix:
	@tests/setup/run matrix $(PAIRS)

soak:
	@tests/setup/run soak $(SOAK) $(or $(SEED),1) $(or $(COUNT),100) $(FIRST)
