using ImplicitNet.Cli;
using ImplicitNet.Kernels;
using TorchSharp;

namespace ImplicitNet.Tests.Cli;

/// <summary>What a command did that ran inside the test's process.</summary>
internal sealed record CliRun(int Code, string Output, string Error)
{
    public string LastLine => Output.TrimEnd('\n').Split('\n')[^1];

    /// <summary>Runs a command; the number of threads is afterwards as before.</summary>
    public static CliRun Of(params string[] arguments)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter error = new() { NewLine = "\n" };
        int threads = torch.get_num_threads();
        try
        {
            int code = CommandLine.Run(arguments, output, error);
            return new CliRun(code, output.ToString(), error.ToString());
        }
        finally
        {
            ThreadCount.Set(threads);
        }
    }

    /// <summary>Asserts a failure: the exit code, one line on standard error with all the texts, and nothing of a stack.</summary>
    public CliRun Failed(int code, params string[] texts)
    {
        Assert.Equal((code, 1), (Code, Error.Count(letter => letter == '\n')));
        Assert.StartsWith("error: ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.All(texts, text => Assert.Contains(text, Error, StringComparison.Ordinal));
        return this;
    }

    /// <summary>Asserts success.</summary>
    public CliRun Succeeded()
    {
        Assert.Equal((0, ""), (Code, Error));
        return this;
    }
}
