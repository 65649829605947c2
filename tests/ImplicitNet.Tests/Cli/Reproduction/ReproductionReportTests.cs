using ImplicitNet.Cli.Reproduction;
using ImplicitNet.Reports.Comparisons;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Cli.Reproduction;

/// <summary>Reports of invented runs: these figures are no measurement.</summary>
public sealed class ReproductionReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Our_figures_stand_beside_the_papers()
    {
        string[] names = [.. ReproducedTraining.All.Select(training => training.Name)];
        ReproductionReport report = Report([1, 2], names, epochs: 5);
        IReadOnlyList<string> paths = report.Write(_folder.Path);
        string text = File.ReadAllText(paths[0]);
        foreach (string line in (string[])
        [
            "| JFB as accurate as the explicit twin: JFB, twin (%) | 99.4, 99.4 | 97.50 ± 0.71, 95.50 ± 0.71 |",
            "| An epoch of the CG-based gradient in epochs of JFB | 1.61 | 4.00 |",
            "| The same after 5 epochs, ours on validation (%) | 98.57 | 96.50 ± 0.71 |",
            "| Test accuracy after one application of R, and at the tolerance (%) | not reported | 90.00 ± 0.00, 97.00 ± 0.00 |",
            "| clean form, JFB | 54,352 | 2 | 97.50 ± 0.71 | 97.50 ± 0.71 | 99.4 | 54,352 |",
            "| clean form, CG-based | 40.00 ± 0.00 | 4.00 |",
            "| 1 | 93.50 ± 0.71 | 92.50 ± 0.71 | 91.50 ± 0.71 | 90.50 ± 0.71 | 89.50 ± 0.71 | 88.50 ± 0.71 | 87.50 ± 0.71 | 96.50 |",
            "| Test accuracy of the MON, ours by our own network and settings (%) | 99.2 | 93.50 ± 0.71 |",
            "| Test accuracy of the Neural ODE, ours by our own network and settings (%) | 96.4 | 92.50 ± 0.71 |",
            "| Test accuracy of the Augmented Neural ODE, ours by our own network and settings (%) | 98.2 | 91.50 ± 0.71 |",
            "| Neural ODE, ours | 54,352 | 2 | 92.50 ± 0.71 | 92.50 ± 0.71 | 96.4 | – |",
            "Ours, by a network and settings of our own and not the paper's: MON, Neural ODE, Augmented Neural ODE; ",
            "| Machine | TITAN X | here |",
            "The test part is not whole.",
            "Nothing was left out for want of time.",
            "gains 7.00 percentage points; the explicit twin, trained as such, has 95.50 ± 0.71 %",
            "![Applications of R, MNIST](charts/applications-of-r-mnist.svg)",
        ])
        {
            Assert.Contains(line, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("not run here", text, StringComparison.Ordinal);
        Assert.Equal(2 * names.Length * 5, File.ReadAllLines(paths[2]).Length - 1);
        Assert.Contains("TITAN X", File.ReadAllText(paths[1]), StringComparison.Ordinal);
        Assert.Equal(
            ["accuracy-by-epoch", "applications-of-r-mnist", "time-of-an-epoch"],
            Directory.EnumerateFiles(_folder["charts"], "*.svg").Select(path => Path.GetFileNameWithoutExtension(path)).Order());
        Assert.All(Directory.EnumerateFiles(_folder["charts"], "*.svg"), path => Assert.True(File.Exists(Path.ChangeExtension(path, ".png"))));
    }

    [Fact]
    public void What_is_missing_is_named_and_not_made_up()
    {
        ReproductionReport whole = Report([1], ["jfb", "published"], epochs: 2);
        ReproductionReport report = whole with { Runs = [.. whole.Runs.Where(run => run.Gradient == "jfb")], Studies = [] };
        string text = File.ReadAllText(report.Write(_folder.Path)[0]);
        Assert.Contains("Missing, because they failed: published with seed 1.", text, StringComparison.Ordinal);
        Assert.Contains("| 2 | 94.00 | – |", text, StringComparison.Ordinal);
        Assert.DoesNotContain("explicit twin: JFB", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Does the fixed point matter", text, StringComparison.Ordinal);
        Assert.DoesNotContain("in epochs of JFB", text, StringComparison.Ordinal);
        Assert.Contains("not run here: Neural ODE 96.4, Augmented Neural ODE 98.2, MON 99.2.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("our own", text, StringComparison.Ordinal);
        Assert.Contains("| implicit:cg-normal | 40.00 | 1.0 | – | – |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_figures_of_the_paper_are_these()
    {
        Assert.Equal(
            [("MNIST", 54_352L, 99.4, 99.4, 99.2, 1.61), ("SVHN", 163_744L, 94.1, 93.7, 90.1, 2.51), ("CIFAR-10, not augmented", 163_744L, 80.45, 80.03, 63.67, 3.62)],
            ((PaperFigures[])[PaperFigures.Mnist, PaperFigures.Svhn, PaperFigures.Cifar10]).Select(paper =>
                (paper.Data, paper.Parameters, paper.JacobianFree, paper.Explicit, paper.JacobianBased, Math.Round(paper.JacobianBasedSeconds / paper.JacobianFreeSeconds, 2))));
        Assert.Equal([(1, 57.71), (5, 71.87), (10, 75.40), (20, 77.22)], PaperFigures.Cifar10.Marks);
        Assert.Equal([(1, 79.49), (5, 89.47), (10, 91.87), (20, 93.42)], PaperFigures.Svhn.Marks);
        Assert.Equal([(1, 96.50), (5, 98.57), (10, 98.98), (20, 99.13)], PaperFigures.Mnist.Marks);
    }

    private static ReproductionReport Report(long[] seeds, string[] names, int epochs)
    {
        TrainingCost[] costs = [.. ReproducedTraining.All.Select((training, i) => new TrainingCost { Name = training.Name, SecondsPerEpoch = 10 * (i + 1), SecondsPerRun = 1 })];
        return new ReproductionReport
        {
            Paper = PaperFigures.Mnist,
            Plan = ReproductionPlan.For(1e6, [.. costs.Where(cost => names.Contains(cost.Name))], seeds, epochs)! with { Costs = costs },
            Runs = [.. seeds.SelectMany(seed => names.Select((name, i) => Run(name, i, seed, epochs)))],
            Studies = [.. seeds.Select(_ => Study())],
            TrainImages = 100,
            ValidationImages = 20,
            TestImages = 30,
            Differences = [("Machine", "TITAN X", "here")],
            Remarks = ["The test part is not whole."],
        };
    }

    private static ComparedRun Run(string name, int place, long seed, int epochs) => new()
    {
        Gradient = name,
        Seed = seed,
        Parameters = 54_352,
        TestAccuracy = (91 + seed + epochs - place) / 100.0,
        Epochs = [.. Enumerable.Range(1, epochs).Select(epoch => new EpochRecord
        {
            Epoch = epoch,
            Step = epoch,
            ValidationAccuracy = (91 + seed + epoch - place) / 100.0,
            Seconds = 10 * (place + 1),
            Times = new EpochTimes(1, 2, 3, 4),
        })],
    };

    private static ApplicationStudy Study() => new()
    {
        Samples = 30,
        ByApplications = [Measured(1, 0.9)],
        AtTolerance = Measured(null, 0.97),
        Tolerance = 1e-3,
        MeanSteps = 5,
        Failures = 0,
    };

    private static ApplicationMeasurement Measured(int? number, double accuracy) =>
        new() { Applications = number, Accuracy = accuracy, Loss = 0.1, RelativeResidual = 1e-2, Agreement = 1 };
}
