using System.Globalization;
using System.Text.Json;
using ImplicitNet.Benchmarks.Commands;
using ImplicitNet.Cli;
using ImplicitNet.Models.Problems;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Benchmarks;

public sealed class MapsCommandTests : TensorTest
{
    [Fact]
    public void What_is_served_is_the_map_to_the_last_digit()
    {
        string[] asked = [.. FixedPointProblems.All.Select(problem => Line("map", problem, problem.Parameters.Count - 1))];
        string[] answers = Served([.. asked]);
        using JsonDocument list = JsonDocument.Parse(answers[0]);
        Assert.Equal(FixedPointProblems.All.Select(problem => problem.Name), list.RootElement.EnumerateArray().Select(item => item.GetProperty("name").GetString()));
        foreach ((FixedPointProblem problem, string answer) in FixedPointProblems.All.Zip(answers[1..]))
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor q = tensor(problem.Parameters[^1], ScalarType.Float64).unsqueeze(0);
            Tensor u = tensor([.. problem.Start], ScalarType.Float64).reshape([1, .. problem.SampleShape ?? [problem.Start.Count]]);
            Assert.Equal(problem.Function(u, q).contiguous().data<double>(), answer.Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public void The_error_comes_with_what_it_may_be()
    {
        FixedPointProblem cosine = FixedPointProblems.Named("cosine");
        string[] answers = Served("error cosine 0 1.5", "error trigonometric 0 1 1 1 1 1 1 1 1 1 1", "map diode 0 100");
        Assert.Equal([cosine.Error!([0], [1.5]), cosine.ErrorTolerance], answers[1].Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture)));
        Assert.Equal("NaN 1E-06", answers[2]);
        Assert.Equal("NaN", answers[3]);
    }

    [Theory]
    [InlineData("map cosine 0", "map NAME SAMPLE")]
    [InlineData("solve cosine 0 1", "map NAME SAMPLE")]
    [InlineData("map cosine one 1", "map NAME SAMPLE")]
    [InlineData("map cosine 1 1", "1 samples of 1 numbers; asked was sample 1 of 1")]
    [InlineData("map cosine 0 1 2", "asked was sample 0 of 2")]
    public void What_cannot_be_answered_is_refused(string line, string part) =>
        Assert.Contains(part, Assert.Throws<CommandException>(() => Served(line)).Message, StringComparison.Ordinal);

    private static string Line(string kind, FixedPointProblem problem, int sample) =>
        $"{kind} {problem.Name} {sample} {string.Join(' ', problem.Start.Select(x => x.ToString("R", CultureInfo.InvariantCulture)))}";

    private static string[] Served(params string[] lines)
    {
        int threads = get_num_threads();
        try
        {
            using StringWriter output = new();
            MapsCommand.Serve(new StringReader(string.Join('\n', lines)), output);
            return [.. output.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd('\r'))];
        }
        finally
        {
            ImplicitNet.Kernels.ThreadCount.Set(threads);
        }
    }
}
