using ImplicitNet.Cli;
using ImplicitNet.Cli.Screens;

return CommandLine.Run(args, Terminal.OfProcess());
