using ImplicitNet.Cli;
using ImplicitNet.Cli.Screens;

IdleThreads.Bound();
return CommandLine.Run(args, Terminal.OfProcess());
