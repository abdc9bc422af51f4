# SPDX-License-Identifier: BSD-2-Clause
# Reads a Vagrantfile as Vagrant does, and prints as JSON what it asks for.
require "json"

MADE = {}

class Machine
  attr_accessor :hostname, :box

  def initialize(what)
    @what = what
  end

  def vm
    self
  end

  def hostname=(name)
    @what["hostname"] = name
  end

  def network(kind, ip:)
    @what[kind] = ip
  end

  def provision(name, type:, inline:, run: "once")
    (@what["provision"] ||= {})[name] = { type => inline, "run" => run }
  end

  def define(name)
    yield Machine.new(MADE[name] = {})
  end
end

module Vagrant
  def self.configure(version)
    abort "version #{version}" unless version == "2"
    yield Machine.new({})
  end
end

load ARGV[0]
puts JSON.generate(MADE)
