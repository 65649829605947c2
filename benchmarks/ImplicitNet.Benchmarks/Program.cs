using ImplicitNet.Benchmarks;
using ImplicitNet.Cli;

IdleThreads.Bound();
FreedMemory.Keep();
return BenchmarkCommandLine.Run(args, Console.Out, Console.Error);
