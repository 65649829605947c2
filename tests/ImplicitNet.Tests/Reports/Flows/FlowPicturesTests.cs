using ImplicitNet.Flows;
using ImplicitNet.Reports.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Reports.Flows;

public sealed class FlowPicturesTests : TensorTest
{
    [Fact]
    public void A_phase_portrait_has_its_lines_in_words_and_is_drawn_into_a_file()
    {
        using TemporaryFolder folder = new();
        PhasePortrait portrait = new()
        {
            Title = "Spiral",
            Lines = [new([(0, 0), (1, 2)]), new([(-3, 0.5), (0, 4)], 1)],
            Kinds = ["left", "right"],
            Decision = [(0, 0, 0.5, true)],
        };
        Assert.Equal(
            "2 lines of a flow, from small dots to large ones, between -3 and 1 along and 0 and 4 up.", portrait.Draw().Description);
        Assert.True(portrait.Draw().Panels[0].HasEqualUnits);
        Assert.Equal(
            ["left", "answered from there: left", "right", "answered from there: right", "start", "end of its flow"],
            portrait.Draw().Panels[0].Legend.Select(entry => entry.Name));
        portrait.Save(Path.Combine(folder.Path, "p.svg"));
        portrait.Save(Path.Combine(folder.Path, "p.png"));
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(folder.Path, "p.svg")), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => portrait.Save(Path.Combine(folder.Path, "p.gif")));
        Assert.Throws<ArgumentException>(() => (portrait with { Lines = [] }).Draw());
        Assert.Throws<ArgumentException>(() => (portrait with { Lines = [new([(double.NaN, 0)])] }).Draw());
    }

    [Fact]
    public void Steps_are_those_of_one_sample_taken_and_rejected()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => u * u * (1 - u));
        FlowTrace trace = new();
        using FlowSolution solution = Flow.Solve(
            field, tensor(new[,] { { 0.01 }, { 0.5 } }), FlowTimes.Between(0, 200), trace: trace);
        FlowSampleReport second = solution.Report.Samples[1];
        string told = StepsOverTime.Draw(trace, 1).Description;
        Assert.StartsWith($"{second.Accepted} steps taken and {second.Rejected} rejected, the shortest ", told, StringComparison.Ordinal);
        Assert.Contains("Sample 2", Assert.Throws<ArgumentException>(() => StepsOverTime.Draw(trace, 2)).Message, StringComparison.Ordinal);
    }
}
