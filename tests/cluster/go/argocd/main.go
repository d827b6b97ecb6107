// Copyright (c) 2026, the arkive.k8s contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Argo CD's application-controller and repo-server in one binary, which is called by the name of either. Its own binary
// has all of its programs, and asks for the files of its user interface, which the module does not have.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
)

func main() {
	command := controller.NewCommand()
	switch name := filepath.Base(os.Args[0]); name {
	case "argocd-application-controller":
	case "argocd-repo-server":
		command = reposerver.NewCommand()
	default:
		fmt.Fprintf(os.Stderr, "%s is neither argocd-application-controller nor argocd-repo-server\n", name)
		os.Exit(2)
	}
	if command.Execute() != nil {
		os.Exit(1)
	}
}
