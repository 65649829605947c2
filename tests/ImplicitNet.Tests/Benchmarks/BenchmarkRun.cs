using ImplicitNet.Benchmarks;
using ImplicitNet.Kernels;
using TorchSharp;

namespace ImplicitNet.Tests.Benchmarks;

/// <summary>What a benchmark did that ran inside the test's process.</summary>
internal sealed record BenchmarkRun(int Code, string Output, string Error)
{
    /// <summary>Runs one; the number of threads is afterwards as before.</summary>
    public static BenchmarkRun Of(params string[] arguments)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter error = new() { NewLine = "\n" };
        int threads = torch.get_num_threads();
        try
        {
            int code = BenchmarkCommandLine.Run(arguments, output, error);
            return new BenchmarkRun(code, output.ToString(), error.ToString());
        }
        finally
        {
            ThreadCount.Set(threads);
        }
    }

    /// <summary>The lines of its output.</summary>
    public string[] Lines => Output.TrimEnd('\n').Split('\n');

    /// <summary>Asserts success.</summary>
    public BenchmarkRun Succeeded()
    {
        Assert.Equal((0, ""), (Code, Error));
        return this;
    }

    /// <summary>Asserts a failure of one line that has a text.</summary>
    public void Failed(int code, string text)
    {
        Assert.Equal((code, 1), (Code, Error.Count(letter => letter == '\n')));
        Assert.Contains(text, Error, StringComparison.Ordinal);
    }
}
