using ImplicitNet.Solvers;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Optimizers;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>What model, data, task and optimiser do not fit together in is said in one line of ours that names what was given.</summary>
public sealed class RefusedTrainingTests : TensorTest
{
    private static readonly TrainingOptions Options = SmallRegression.Options with { Epochs = 3 };

    /// <summary>What is given to a model of 2 inputs and 3 outputs, and the words by which it is refused.</summary>
    public static TheoryData<ScalarType, long[], ScalarType, long[], string> Misfits => new()
    {
        { ScalarType.Float32, [8, 5], ScalarType.Int64, [8], "Linear cannot answer inputs [8, 5] Float32: mat1 and mat2" },
        { ScalarType.Int64, [8, 2], ScalarType.Int64, [8], "Linear cannot answer inputs [8, 2] Int64: mat1 and mat2" },
        { ScalarType.Float32, [8], ScalarType.Int64, [8], "Linear cannot answer inputs [8] Float32: mat1 and mat2" },
        { ScalarType.Float32, [8, 2], ScalarType.Float32, [8], "Classification has no losses for outputs [8, 3] Float32 and targets [8] Float32: " },
        { ScalarType.Float32, [8, 2], ScalarType.Int64, [8, 3], "Classification needs outputs [batch, classes] and targets [batch]. Given: outputs [8, 3], targets [8, 3]" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void Inputs_and_targets_that_do_not_fit_are_named(ScalarType inputs, long[] shape, ScalarType targets, long[] targetShape, string words)
    {
        using Tensor x = zeros(shape, inputs), y = zeros(targetShape, targets);
        Assert.StartsWith(words, OneLine(() => Train(new Classification(), BatchSource.From(x, y))), StringComparison.Ordinal);
        using nn.Module<Tensor, Tensor> model = nn.Linear(2, 3);
        Assert.StartsWith(
            words, OneLine(() => Evaluator.Evaluate(model, new Classification(), BatchSource.From(x, y))), StringComparison.Ordinal);
    }

    public static TheoryData<string, Func<nn.Module>> TorchsOwn => new()
    {
        { "Embedding", () => nn.Embedding(3, 2) },
        { "EmbeddingBag", () => nn.EmbeddingBag(3, 2) },
        { "LSTM", () => nn.LSTM(2, 2) },
        { "LSTMCell", () => nn.LSTMCell(2, 2) },
        { "GRU", () => nn.GRU(2, 2) },
        { "GRUCell", () => nn.GRUCell(2, 2) },
        { "RNN", () => nn.RNN(2, 2) },
        { "RNNCell", () => nn.RNNCell(2, 2) },
        { "MultiheadAttention", () => nn.MultiheadAttention(2, 1) },
        { "TransformerEncoderLayer", () => nn.TransformerEncoderLayer(2, 1, 2) },
        { "TransformerDecoderLayer", () => nn.TransformerDecoderLayer(2, 1, 2) },
        { "Transformer", () => nn.Transformer(2, 1, 1, 1, 2) },
    };

    /// <summary>torch drops such weights from parameters() when a scope ends, and computes on: nothing would be trained, without a word.</summary>
    [Theory]
    [MemberData(nameof(TorchsOwn))]
    public void A_layer_that_lost_its_weights_to_a_dispose_scope_is_refused(string type, Func<nn.Module> make)
    {
        using nn.Module whole = make();
        using nn.Module lost = MadeIn(NewDisposeScope(), make);
        Assert.NotEmpty(whole.parameters());
        Assert.Empty(lost.parameters());
        using Tensor x = zeros(8, 2), y = zeros(8, ScalarType.Int64);
        string line = OneLine(() => new Trainer(lost, batch => batch.Inputs, new Classification(), BatchSource.From(x, y)));
        Assert.StartsWith($"The {type} has lost its weights: it was made in a dispose scope", line, StringComparison.Ordinal);
        using nn.Module<Tensor, Tensor> inner = nn.Sequential(("words", nn.Embedding(3, 2)), ("linear", nn.Linear(2, 2)));
        using (new Trainer(inner, new Classification(), BatchSource.From(x, y)))
        {
        }
    }

    private static nn.Module MadeIn(DisposeScope scope, Func<nn.Module> make)
    {
        using (scope)
        {
            return make();
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    public void A_class_that_there_is_not_is_named(long wrong)
    {
        using Tensor x = zeros(8, 2), y = tensor(new long[] { 0, 1, 2, 0, 1, wrong, 2, 0 });
        string line = OneLine(() => Train(new Classification(), BatchSource.From(x, y)));
        Assert.Equal($"Classification has no losses for outputs [8, 3] Float32 and targets [8] Int64: Target {wrong} is out of bounds.", line);
    }

    /// <summary>An array of int in C# is a tensor of Int32, one of bytes a tensor of bytes.</summary>
    [Theory]
    [InlineData(ScalarType.Int32)]
    [InlineData(ScalarType.Int16)]
    [InlineData(ScalarType.Byte)]
    public void Classes_of_any_integer_type_are_trained_on_alike(ScalarType type)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = linspace(-1, 1, 16).reshape(8, 2), y = arange(8, ScalarType.Int64) % 3, other = y.to(type);
        TrainingResult expected = Train(new Classification(), BatchSource.From(x, y)), result = Train(new Classification(), BatchSource.From(x, other));
        Assert.Equal(expected.Epochs.Select(epoch => (epoch.TrainLoss, epoch.TrainAccuracy)), result.Epochs.Select(epoch => (epoch.TrainLoss, epoch.TrainAccuracy)));
    }

    [Theory]
    [InlineData("the answer")]
    [InlineData("the loss")]
    [InlineData("every parameter")]
    public void A_loss_that_depends_on_no_parameter_is_refused_and_no_weight_moves(string cut)
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        byte[] before = SmallRegression.Bytes(model);
        TrainingTask task = cut == "the loss" ? new Detached() : new Regression();
        using Trainer trainer = new(
            model, batch => cut == "the answer" ? model.call(batch.Inputs).detach() : model.call(batch.Inputs), task, SmallRegression.Source(), options: Options);
        foreach (Parameter parameter in model.parameters())
        {
            parameter.requires_grad_(cut != "every parameter");
        }

        Assert.StartsWith("The loss has no graph: it depends on no parameter that requires a gradient.", OneLine(() => trainer.Run()), StringComparison.Ordinal);
        Assert.Equal(before, SmallRegression.Bytes(model));
    }

    [Fact]
    public void An_optimiser_that_asks_for_the_loss_several_times_a_step_is_refused_before_the_run()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        string line = Assert.Throws<NotSupportedException>(
            () => new Trainer(model, new Regression(), SmallRegression.Source(), options: Options with { Optimizer = new SeveralLosses() })).Message;
        Assert.StartsWith("SeveralLosses makes LBFGS, which asks for the loss several times a step", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void A_parameter_that_comes_after_the_trainer_is_refused_and_the_best_weights_stay(int call)
    {
        random.manual_seed(1);
        using Growing model = new(call);
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Options);
        string line = OneLine(() => trainer.Run());
        Assert.StartsWith("Growing has the parameter 'late.weight' since the trainer was made, and nothing trains it.", line, StringComparison.Ordinal);
        Assert.False(model.training);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_that_is_converted_after_the_trainer_was_made_is_refused(bool hasRun)
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Options);
        using CancellationTokenSource cancellation = new();
        cancellation.Cancel();
        if (hasRun)
        {
            trainer.Run(cancellation: cancellation.Token);
        }

        model.to(ScalarType.Float64);
        string line = OneLine(() => trainer.Run());
        Assert.StartsWith("Table has another parameter '_first.weight' since the trainer was made, and nothing trains it.", line, StringComparison.Ordinal);
        Assert.All(model.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
    }

    [Theory]
    [InlineData(1, "The samples' numbers in the data: 7.")]
    [InlineData(7, "The samples' numbers in the data: 1, 2, 3, 4, 5 and 2 more.")]
    public void Samples_that_do_not_converge_are_named_by_their_numbers_in_the_data(int count, string words)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = randn(40, 2), y = x.sum([1], keepdim: true);
        x.narrow(0, count == 1 ? 7 : 1, count).fill_(double.NaN);
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), BatchSource.From(x, y), options: Options);
        FixedPointException failure = Assert.Throws<FixedPointException>(() => { trainer.Run(); });
        Assert.StartsWith($"{count} of 40 samples did not converge: ", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(words, failure.Message, StringComparison.Ordinal);
        Assert.Equal(count, failure.Report.Count(SolveStatus.NonFinite));
    }

    [Fact]
    public void After_a_run_the_model_has_no_gradients_and_a_further_run_goes_on()
    {
        using nn.Module<Tensor, Tensor> whole = SmallRegression.Model();
        using Trainer once = new(whole, new Regression(), SmallRegression.Source(), options: Options);
        once.Run();
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using CancellationTokenSource cancellation = new();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Options)
        {
            OnEvent = happened => (happened is TrainingEvent.StepFinished { Step: 4 } ? cancellation : null)?.Cancel(),
        };
        Assert.Equal(4, trainer.Run(cancellation: cancellation.Token).Steps);
        Assert.All(model.parameters(), parameter => Assert.Null(parameter.grad));
        trainer.Run();
        Assert.Equal(SmallRegression.Bytes(whole), SmallRegression.Bytes(model));
    }

    [Fact]
    public void A_score_that_is_NaN_is_told_once_and_the_smallest_loss_chooses()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        List<string> told = [];
        using Trainer trainer = new(model, new NoScore(), SmallRegression.Source(), options: Options)
        {
            OnEvent = happened => told.AddRange(happened is TrainingEvent.Notice notice ? [notice.Message] : []),
        };
        TrainingResult result = trainer.Run();
        Assert.StartsWith("The score that chooses the best epoch, 'none', is NaN in the first.", Assert.Single(told), StringComparison.Ordinal);
        Assert.Equal((result.Epochs.MinBy(epoch => epoch.TrainLoss)!.Epoch, double.NaN), (result.BestEpoch, result.Score));
    }

    private static TrainingResult Train(TrainingTask task, BatchSource source)
    {
        random.manual_seed(1);
        using nn.Module<Tensor, Tensor> model = nn.Linear(2, 3);
        using Trainer trainer = new(model, task, source, options: Options);
        return trainer.Run();
    }

    private static string OneLine(Func<object> call)
    {
        Exception exception = Assert.ThrowsAny<Exception>(() => { call(); });
        Assert.True(exception is InvalidOperationException or ArgumentException, exception.ToString());
        Assert.DoesNotContain('\n', exception.Message);
        return exception.Message;
    }

    private sealed record Detached : TrainingTask
    {
        public override Tensor Losses(Tensor output, Batch batch) => output.detach().square().sum([1]);
    }

    private sealed record NoScore : TrainingTask
    {
        public override Score Score => new("none", IsHigherBetter: true);

        public override Tensor Losses(Tensor output, Batch batch) => (output - TargetsLike(output, batch)).square().sum([1]);

        public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch) => [new("none", output.sum([1]) * double.NaN)];
    }

    private sealed record SeveralLosses : TrainingOptimizer
    {
        public override optim.Optimizer Create(IReadOnlyList<Parameter> parameters, double learningRate, double weightDecay) =>
            optim.LBFGS(parameters, learningRate);
    }

    /// <summary>Has one part more from one of its calls on.</summary>
    private sealed class Growing : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _first = nn.Linear(2, 1);
        private int _left;

        public Growing(int call)
            : base(nameof(Growing))
        {
            _left = call;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            if (--_left == 0)
            {
                register_module("late", nn.Linear(1, 1));
            }

            return _first.call(input);
        }
    }
}
