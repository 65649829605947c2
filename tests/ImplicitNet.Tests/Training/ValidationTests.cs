using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>What is evaluated after an epoch, and what of it chooses the best one.</summary>
public sealed class ValidationTests : TensorTest
{
    private static readonly TrainingOptions Options = SmallRegression.Options;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_run_goes_on_after_its_validation_failed_once_as_if_it_had_not(bool checkpoints)
    {
        TrainingOptions options = Options with { CheckpointSteps = checkpoints ? 1 : 100 };
        using nn.Module<Tensor, Tensor> expected = SmallRegression.Model();
        using Trainer whole = new(expected, new Regression(), SmallRegression.Source(), SmallRegression.Source("held out", 9), options);
        TrainingResult result = whole.Run();

        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        int failures = 0;
        BreakableTask task = new(() => !model.training && failures++ == 1);
        using Trainer trainer = new(model, task, SmallRegression.Source(), SmallRegression.Source("held out", 9), options);
        Assert.Throws<IOException>(() => trainer.Run());
        TrainingResult again = trainer.Run();
        Assert.Equal(result.Epochs.Select(epoch => (epoch.TrainLoss, epoch.ValidationLoss)), again.Epochs.Select(epoch => (epoch.TrainLoss, epoch.ValidationLoss)));
        Assert.Equal(SmallRegression.Bytes(expected), SmallRegression.Bytes(model));
    }

    [Fact]
    public void Further_data_choose_nothing_without_validation_either()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Options) { MoreValidation = [SmallRegression.Source("far", 9)] };
        TrainingResult result = trainer.Run();
        Assert.Equal(result.Epochs.Min(epoch => epoch.TrainLoss), result.Score);
        Assert.All(result.Epochs, epoch => Assert.Null(epoch.ValidationLoss));
        Assert.Equal(["train absolute error", "far absolute error", "far loss"], result.Epochs[0].Scores.Keys);
    }

    [Theory]
    [InlineData("far", "far")]
    [InlineData("train", "far")]
    [InlineData("far", "validation")]
    public void Further_data_whose_scores_would_overwrite_others_are_refused(string first, string second)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(
            () => Validation.Checked([SmallRegression.Source(first), SmallRegression.Source(second)]));
        Assert.Contains($"'{(first == "train" ? first : second)}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_without_samples_are_refused_wherever_they_are_given()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        BatchSource none = SmallRegression.Source("nothing", 0), some = SmallRegression.Source();
        Assert.Equal("train", Assert.Throws<ArgumentException>(() => new Trainer(model, new Regression(), none)).ParamName);
        Assert.Equal("validation", Assert.Throws<ArgumentException>(() => new Trainer(model, new Regression(), some, none)).ParamName);
        Assert.Contains("'nothing'", Assert.Throws<ArgumentException>(() => Validation.Checked([none])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_that_does_not_measure_what_it_chooses_by_is_refused()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new MistypedTask(), SmallRegression.Source(), options: Options);
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => trainer.Run());
        Assert.Contains("'acuracy'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'accuracy', 'loss'", refused.Message, StringComparison.Ordinal);
    }

    private record SquaredTask : TrainingTask
    {
        public override Tensor Losses(Tensor output, Batch batch) => (output.squeeze(1) - batch.Targets.reshape(-1)).square();
    }

    private sealed record BreakableTask : TrainingTask
    {
        private readonly Func<bool> _isBroken;

        public BreakableTask(Func<bool> isBroken) => _isBroken = isBroken;

        public override Tensor Losses(Tensor output, Batch batch) => _isBroken() ? throw new IOException("The disk is full.") : new Regression().Losses(output, batch);
    }

    private sealed record MistypedTask : SquaredTask
    {
        public override Score Score => new("acuracy", IsHigherBetter: true);

        public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch) => [new(Measurement.Accuracy, ones(batch.Count))];
    }
}
