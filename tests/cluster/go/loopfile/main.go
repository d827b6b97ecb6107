// Copyright (c) 2026, the arkive.k8s contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Command loopfile is a CSI driver for test clusters. Every volume is a sparse file, used as a disk through a loop
// device; every snapshot is a copy of that file as it is at one instant. So a volume behaves like a cloud disk: what
// its file system has not written yet is not in the snapshot, and it can be frozen (fsfreeze) on its own.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

type driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedControllerServer
	csi.UnimplementedGroupControllerServer
	csi.UnimplementedNodeServer
	registration.UnimplementedRegistrationServer
	store
	name, node, socket string
	thawAtUnstage      bool
}

func main() {
	d := &driver{}
	flag.StringVar(&d.name, "name", "loopfile.csi.test", "driver name")
	flag.StringVar(&d.node, "node", "", "node name (default: the host name)")
	flag.StringVar(&d.socket, "socket", "", "CSI socket to serve; for a kubelet: <root>/plugins/<driver name>/csi.sock")
	data := flag.String("data", "", "directory of the volumes and snapshots")
	pool := flag.String("pool-size", "", "keep them on an XFS with reflink in a sparse file of this size (e.g. 64G) in the data directory")
	reg := flag.String("registry", "", "the kubelet's plugins_registry directory, to register there")
	flag.BoolVar(&d.thawAtUnstage, "thaw-at-unstage", true, "thaw a volume that was left frozen before it is unmounted; else it stays frozen, as with a cloud's driver")
	flag.Parse()
	if d.socket == "" || *data == "" {
		log.Fatal("-socket and -data are required")
	}
	if d.node == "" {
		d.node, _ = os.Hostname()
	}
	var err error
	if d.socket, err = filepath.Abs(d.socket); err == nil {
		d.dir, err = openDir(*data, *pool)
	}
	if err != nil {
		log.Fatal(err)
	}
	failed := make(chan error)
	serve := func(socket string, register func(*grpc.Server)) {
		os.MkdirAll(filepath.Dir(socket), 0o750)
		os.Remove(socket)
		l, err := net.Listen("unix", socket)
		if err != nil {
			log.Fatal(err)
		}
		s := grpc.NewServer(grpc.UnaryInterceptor(d.intercept))
		register(s)
		go func() { failed <- s.Serve(l) }()
	}
	serve(d.socket, func(s *grpc.Server) {
		csi.RegisterIdentityServer(s, d)
		csi.RegisterControllerServer(s, d)
		csi.RegisterGroupControllerServer(s, d)
		csi.RegisterNodeServer(s, d)
	})
	if *reg != "" {
		socket := filepath.Join(*reg, d.name+"-reg.sock")
		serve(socket, func(s *grpc.Server) { registration.RegisterRegistrationServer(s, d) })
		defer os.Remove(socket)
	}
	log.Printf("%s on %s serves %s, data in %s", d.name, d.node, d.socket, d.dir)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case s := <-stop:
		log.Print(s)
	case err := <-failed:
		log.Fatal(err)
	}
}

// required are the fields that a request must have; the first one names what it is about.
var required = map[string][]protoreflect.Name{
	"CreateVolume":               {"name", "volume_capabilities"},
	"DeleteVolume":               {"volume_id"},
	"ValidateVolumeCapabilities": {"volume_id", "volume_capabilities"},
	"ControllerExpandVolume":     {"volume_id", "capacity_range"},
	"CreateSnapshot":             {"name", "source_volume_id"},
	"DeleteSnapshot":             {"snapshot_id"},
	"CreateVolumeGroupSnapshot":  {"name", "source_volume_ids"},
	"GetVolumeGroupSnapshot":     {"group_snapshot_id"},
	"DeleteVolumeGroupSnapshot":  {"group_snapshot_id"},
	"NodeStageVolume":            {"volume_id", "staging_target_path", "volume_capability"},
	"NodeUnstageVolume":          {"volume_id", "staging_target_path"},
	"NodePublishVolume":          {"volume_id", "target_path", "staging_target_path", "volume_capability"},
	"NodeUnpublishVolume":        {"volume_id", "target_path"},
	"NodeExpandVolume":           {"volume_id", "volume_path"},
	"NodeGetVolumeStats":         {"volume_id", "volume_path"},
}

// intercept refuses a request that lacks a field, or that changes what another one is changing, and logs the rest.
func (d *driver) intercept(ctx context.Context, q any, i *grpc.UnaryServerInfo, h grpc.UnaryHandler) (any, error) {
	method, about, start := filepath.Base(i.FullMethod), "", time.Now()
	if need := required[method]; need != nil {
		m := q.(proto.Message).ProtoReflect()
		for _, n := range need {
			if !m.Has(m.Descriptor().Fields().ByName(n)) {
				return nil, status.Errorf(codes.InvalidArgument, "%s: %s is missing", method, n)
			}
		}
		about = m.Get(m.Descriptor().Fields().ByName(need[0])).String()
		if need[0] == "name" { // the id that it will have
			about = newID(map[string]string{"CreateVolume": volume, "CreateSnapshot": snapshot, "CreateVolumeGroupSnapshot": group}[method], about)
		}
		if !strings.Contains(method, "Get") && !strings.HasPrefix(method, "Validate") {
			if _, taken := d.busy.LoadOrStore(about, true); taken {
				return nil, status.Errorf(codes.Aborted, "another operation on %s is under way", about)
			}
			defer d.busy.Delete(about)
		}
	}
	r, err := h(ctx, q)
	if err != nil && status.Code(err) == codes.Unknown { // a plain error of the operating system
		err = status.Error(codes.Internal, err.Error())
	}
	if err != nil || about != "" {
		log.Printf("%s %s %s %v", method, about, time.Since(start).Round(time.Millisecond), err)
	}
	return r, err
}

// run runs a command; the error carries what it printed.
func run(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	text := strings.TrimSpace(string(out))
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return text, status.Errorf(codes.Internal, "%s %s: %v: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	return text, err
}

// --- identity and registration

func (d *driver) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: d.name, VendorVersion: "1"}, nil
}

func (d *driver) GetPluginCapabilities(context.Context, *csi.GetPluginCapabilitiesRequest) (*csi.GetPluginCapabilitiesResponse, error) {
	r := &csi.GetPluginCapabilitiesResponse{}
	for _, t := range []csi.PluginCapability_Service_Type{
		csi.PluginCapability_Service_CONTROLLER_SERVICE, csi.PluginCapability_Service_GROUP_CONTROLLER_SERVICE,
	} {
		r.Capabilities = append(r.Capabilities, &csi.PluginCapability{Type: &csi.PluginCapability_Service_{
			Service: &csi.PluginCapability_Service{Type: t}}})
	}
	r.Capabilities = append(r.Capabilities, &csi.PluginCapability{Type: &csi.PluginCapability_VolumeExpansion_{
		VolumeExpansion: &csi.PluginCapability_VolumeExpansion{Type: csi.PluginCapability_VolumeExpansion_ONLINE}}})
	return r, nil
}

func (d *driver) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{Ready: wrapperspb.Bool(true)}, nil
}

func (d *driver) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{Type: registration.CSIPlugin, Name: d.name, Endpoint: d.socket, SupportedVersions: []string{"1.0.0"}}, nil
}

func (d *driver) NotifyRegistrationStatus(_ context.Context, s *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	log.Printf("registered with the kubelet: %v %s", s.PluginRegistered, s.Error)
	return &registration.RegistrationStatusResponse{}, nil
}
