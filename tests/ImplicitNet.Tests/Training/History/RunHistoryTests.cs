using ImplicitNet.Training.History;

namespace ImplicitNet.Tests.Training.History;

public sealed class RunHistoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder["history.jsonl"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Epochs_come_back_as_they_were_with_the_missing_and_the_diverged()
    {
        EpochRecord[] epochs =
        [
            new() { Epoch = 1, Step = 600, TrainLoss = 0.1 + 0.2, TrainAccuracy = 1 / 3.0, ValidationLoss = 5e-324, LearningRate = 1e-3 },
            new() { Epoch = 2, Step = 1200, TrainLoss = double.NaN, ValidationLoss = double.PositiveInfinity, Seconds = 12.5 },
            new() { Epoch = 3, Step = long.MaxValue, ValidationAccuracy = 0.99, SolverSteps = 7.25 },
            new() { Epoch = 4, Step = 1, Evaluations = 1L << 40, Products = 3, AdjointFailures = 0, FallBacks = 1, Cosine = 0.75, Times = new EpochTimes(1, 2, 3, 4), PeakMemoryBytes = 5 },
        ];
        using (var history = new RunHistory(Target))
        {
            Array.ForEach(epochs, history.Append);
        }

        Assert.Equal(epochs, RunHistory.ReadEpochs(Target));
    }

    [Fact]
    public void A_line_is_plain_JSON()
    {
        using (var history = new RunHistory(Target))
        {
            history.Append(new HistoryRecord("step", 20, new Dictionary<string, double> { ["loss"] = 0.5, ["residual"] = double.NegativeInfinity }));
        }

        Assert.Equal("""{"kind":"step","step":20,"loss":0.5,"residual":"-Infinity"}""" + "\n", File.ReadAllText(Target));
        HistoryRecord record = Assert.Single(RunHistory.Read(Target));
        Assert.Equal(double.NegativeInfinity, record.Values["residual"]);
        Assert.Empty(RunHistory.ReadEpochs(Target));
    }

    [Fact]
    public void A_record_can_be_read_while_the_run_goes_on()
    {
        using var history = new RunHistory(Target);
        Assert.Empty(RunHistory.Read(Target));

        history.Append(new EpochRecord { Epoch = 1, Step = 5 });

        Assert.Equal(5, Assert.Single(RunHistory.ReadEpochs(Target)).Step);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"kind":"epoch","step":10,"Epoch":2}""")] // whole, but for its end
    [InlineData("\0\0\0")]
    [InlineData("""{"kind":"epoch","step":10,"Epoch":2,"TrainLoss":0.123456789,"ValidationLoss":0.123456789,"Note":0.123456789""")] // longer than the next
    public void An_unfinished_last_line_is_ignored_and_then_removed(string unfinished)
    {
        using (var history = new RunHistory(Target))
        {
            history.Append(new EpochRecord { Epoch = 1, Step = 5 });
        }

        File.AppendAllText(Target, unfinished);

        Assert.Single(RunHistory.Read(Target));
        using (var history = new RunHistory(Target))
        {
            history.Append(new EpochRecord { Epoch = 2, Step = 10 });
        }

        Assert.Equal([1, 2], RunHistory.ReadEpochs(Target).Select(epoch => epoch.Epoch));
        Assert.EndsWith("\"Epoch\":2}\n", File.ReadAllText(Target), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"kind":"epoch"}""")]
    [InlineData("""{"kind":7,"step":1}""")]
    [InlineData("""{"kind":"epoch","step":1.5}""")]
    [InlineData("""{"kind":"epoch","step":1,"x":"y"}""")]
    [InlineData("""{"kind":"epoch","step":1,"x":[1]}""")]
    public void A_broken_line_is_named(string broken)
    {
        File.WriteAllText(Target, """{"kind":"epoch","step":1,"Epoch":1}""" + "\n" + broken + "\n" + """{"kind":"epoch","step":2,"Epoch":2}""" + "\n");

        var exception = Assert.Throws<InvalidDataException>(() => RunHistory.Read(Target));

        Assert.Equal($"{Target}: line 2 is not a record of a run's history.", exception.Message);
    }

    [Theory]
    [InlineData("""{"kind":"epoch","step":1}""")]
    [InlineData("""{"kind":"epoch","step":1,"Epoch":0}""")]
    [InlineData("""{"kind":"epoch","step":1,"Epoch":"NaN"}""")]
    [InlineData("""{"kind":"epoch","step":-1,"Epoch":1}""")]
    public void An_epoch_without_its_number_is_an_error(string line)
    {
        File.WriteAllText(Target, line + "\n");

        Assert.Throws<InvalidDataException>(() => RunHistory.ReadEpochs(Target));
    }

    [Fact]
    public void Truncating_drops_what_is_beyond_the_checkpoint_and_the_run_goes_on_behind_it()
    {
        using (var history = new RunHistory(Target))
        {
            for (int epoch = 1; epoch <= 4; epoch++)
            {
                history.Append(new EpochRecord { Epoch = epoch, Step = epoch * 10 });
                history.Append(new HistoryRecord("step", (epoch * 10) + 5, new Dictionary<string, double>()));
            }

            history.TruncateTo(20);
            history.Append(new EpochRecord { Epoch = 3, Step = 30, TrainLoss = 1 });
        }

        Assert.Equal([10, 15, 20, 30], RunHistory.Read(Target).Select(record => record.Step));
        Assert.Equal(["history.jsonl"], _folder.Names);
    }

    [Fact]
    public void A_name_that_every_record_has_is_refused()
    {
        using var history = new RunHistory(Target);

        Assert.Throws<ArgumentException>(() => history.Append(new HistoryRecord("step", 1, new Dictionary<string, double> { ["step"] = 2 })));
        Assert.Empty(File.ReadAllText(Target));
    }

    [Fact]
    public void Impossible_epochs_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("Epoch", () => new EpochRecord { Epoch = 0, Step = 0 });
        Assert.Throws<ArgumentOutOfRangeException>("Step", () => new EpochRecord { Epoch = 1, Step = -1 });
    }

    [Fact]
    public void A_history_that_does_not_exist_is_empty() => Assert.Empty(RunHistory.Read(_folder["missing"]));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_that_was_deleted_or_replaced_meanwhile_is_written_again_with_all_its_records(bool isReplaced)
    {
        using TemporaryFolder folder = new();
        string path = folder["history.jsonl"];
        using (RunHistory history = new(path))
        {
            history.Append(new HistoryRecord("step", 1, new Dictionary<string, double> { ["Loss"] = 3 }));
            File.Delete(path);
            if (isReplaced)
            {
                File.WriteAllText(path, "");
            }

            history.Append(new HistoryRecord("step", 2, new Dictionary<string, double> { ["Loss"] = 2 }));
            history.Append(new HistoryRecord("step", 3, new Dictionary<string, double> { ["Loss"] = 1 }));
        }

        Assert.Equal([1L, 2L, 3L], RunHistory.Read(path).Select(record => record.Step));
    }

    [Fact]
    public void A_file_that_was_cut_short_meanwhile_is_an_error()
    {
        using TemporaryFolder folder = new();
        string path = folder["history.jsonl"];
        using RunHistory history = new(path);
        history.Append(new HistoryRecord("step", 1, new Dictionary<string, double> { ["Loss"] = 3 }));
        Assert.Equal(0, CutShort(System.Text.Encoding.UTF8.GetBytes(path + '\0'), 3));
        Assert.Contains("changed by another program", Assert.Throws<IOException>(() => history.Append(new HistoryRecord("step", 2, new Dictionary<string, double>()))).Message, StringComparison.Ordinal);
    }

    // .NET would ask for a lock first.
    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "truncate")]
    private static extern int CutShort(byte[] path, long length);
}
