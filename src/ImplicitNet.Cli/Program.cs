using ImplicitNet.Cli;
using ImplicitNet.Cli.Screens;

IdleThreads.Bound();
FreedMemory.Keep();
return CommandLine.Run(args, Terminal.OfProcess());
