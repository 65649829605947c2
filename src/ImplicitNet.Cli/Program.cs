using ImplicitNet.Cli;
using ImplicitNet.Cli.Screens;

IdleThreads.Sleep();
return CommandLine.Run(args, Terminal.OfProcess());
