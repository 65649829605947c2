using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using ImplicitNet.Cli;

namespace ImplicitNet.Benchmarks.Commands;

/// <summary>pieces: the parts of a step by BenchmarkDotNet, which takes the rest of the command line.</summary>
internal sealed class PiecesCommand
{
    public Command Create()
    {
        Command command = new("pieces", "Measure the parts of a step by BenchmarkDotNet; its own arguments follow, "
            + "such as --filter '*Map*' or --job dry.")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        // In this process: the generated project of the default toolchain would look for libtorch in vain.
        IConfig config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        BenchmarkSwitcher.FromAssembly(typeof(PiecesCommand).Assembly).Run([.. parsed.UnmatchedTokens], config);
        return ExitCodes.Success;
    }
}
