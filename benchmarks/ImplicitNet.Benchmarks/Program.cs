using ImplicitNet.Benchmarks;
using ImplicitNet.Cli;

IdleThreads.Bound();
return BenchmarkCommandLine.Run(args, Console.Out, Console.Error);
