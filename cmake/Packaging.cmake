# SPDX-License-Identifier: GPL-2.0-or-later
# `make install`: programs, unit, man pages and completion below the prefix; the configuration in /etc/ebb.
install(TARGETS agentd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS agentctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

configure_file(packaging/systemd/ebb-agentd.service.in packaging/ebb-agentd.service @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/packaging/ebb-agentd.service DESTINATION lib/systemd/system)
install(FILES packaging/tmpfiles/ebb.conf DESTINATION lib/tmpfiles.d)
install(FILES packaging/sysusers/ebb.conf DESTINATION lib/sysusers.d)
install(FILES docs/man/agentd.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES docs/man/agentctl.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES packaging/completion/agentctl DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

# To copy from: the default configuration, and examples that fit beside it in conf.d.
install(FILES packaging/agent.toml DESTINATION lib/ebb)
install(FILES packaging/examples/mqtt-gateway.toml packaging/examples/camera-node.toml
  packaging/examples/modbus-gateway.toml DESTINATION lib/ebb/examples)

# The agent reads /etc/ebb whatever the prefix; a configuration that is there is somebody's work.
install(CODE "
  if(NOT EXISTS \"\$ENV{DESTDIR}/etc/ebb/agent.toml\")
    file(INSTALL \"${CMAKE_SOURCE_DIR}/packaging/agent.toml\" DESTINATION /etc/ebb)
  endif()")
