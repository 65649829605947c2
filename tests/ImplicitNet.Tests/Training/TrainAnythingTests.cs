using ImplicitNet.Certification;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>Any module, any task, either dtype; and how a run ends.</summary>
public sealed class TrainAnythingTests : TensorTest
{
    private static readonly TrainingOptions Options = SmallRegression.Options;

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void A_model_with_two_implicit_layers_learns_a_table_in_its_own_dtype(ScalarType dtype)
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model(dtype);

        // The source is of the other dtype: what is floating is brought to the model's.
        BatchSource source = SmallRegression.Source(dtype: dtype == ScalarType.Float32 ? ScalarType.Float64 : ScalarType.Float32);
        double before = Evaluator.Evaluate(model, new Regression(), source).Loss;
        using Trainer trainer = new(model, new Regression(), source, SmallRegression.Source("validation", 10), Options with { Epochs = 30 });
        TrainingResult result = trainer.Run();
        EvaluationResult after = Evaluator.Evaluate(model, new Regression(), source);
        Assert.True(after.Loss < before / 4, $"{before} {after.Loss}");
        Assert.Equal((StopReason.Epochs, true, null), (result.Stopped, result.IsComplete, result.ValidationAccuracy));
        Assert.Equal(result.ValidationLoss, result.Score);
        Assert.Equal(48, after.Solver.Samples);
        Assert.All(result.Epochs, epoch => Assert.Equal(["train absolute error", "validation absolute error"], epoch.Scores.Keys));
        Assert.All(model.parameters(), parameter => Assert.Equal(dtype, parameter.dtype));
    }

    [Fact]
    public void A_model_without_implicit_layers_is_trained_too()
    {
        random.manual_seed(1);
        using nn.Module<Tensor, Tensor> model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1));
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Options with { Epochs = 20 });
        TrainingResult result = trainer.Run();
        Assert.True(result.Epochs[^1].TrainLoss < result.Epochs[0].TrainLoss / 3);
        Assert.Equal((0.0, 0L), (result.Epochs[0].SolverSteps, result.Epochs[0].SolverFailures));
    }

    [Fact]
    public void A_module_of_any_inputs_is_called_as_one_says()
    {
        random.manual_seed(1);
        using nn.Module<Tensor, Tensor, Tensor> model = nn.Bilinear(2, 2, 1);
        using Trainer trainer = new(model, batch => model.call(batch.Inputs, batch.Inputs), new Regression(), SmallRegression.Source(), options: Options);
        Assert.Equal(4, trainer.Run().Epochs.Count);
    }

    [Fact]
    public void Without_validation_the_best_epoch_is_that_of_the_training_data()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Options);
        TrainingResult result = trainer.Run();
        Assert.Equal(result.Epochs.MinBy(epoch => epoch.TrainLoss)!.Epoch, result.BestEpoch);
        Assert.All(result.Epochs, epoch => Assert.Null(epoch.ValidationLoss));
        Assert.Null(result.ValidationLoss);
        Assert.Null(result.ValidationAccuracy);
        Assert.Equal(result.Epochs[result.BestEpoch - 1].TrainLoss, result.Score);
    }

    [Fact]
    public void Further_validation_data_are_in_every_record_and_choose_nothing()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), SmallRegression.Source("near", 10), Options)
        {
            MoreValidation = [SmallRegression.Source("far", 16)],
        };
        TrainingResult result = trainer.Run();
        Assert.Equal(result.Epochs.MinBy(epoch => epoch.ValidationLoss)!.Epoch, result.BestEpoch);
        Assert.All(result.Epochs, epoch => Assert.True(epoch.Scores["far loss"] > 0 && epoch.Scores.ContainsKey("far absolute error")));
        double far = Evaluator.Evaluate(model, new Regression(), SmallRegression.Source("far", 16)).Loss;
        Assert.Equal(far, result.Epochs[result.BestEpoch - 1].Scores["far loss"]);
    }

    /// <summary>A task of one's own is one method; one with a score of its own chooses the epoch by it.</summary>
    [Fact]
    public void The_score_that_a_task_names_chooses_the_best_epoch()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Growth(), SmallRegression.Source(), SmallRegression.Source("validation", 10), Options);
        TrainingResult result = trainer.Run();
        Assert.Equal(result.Epochs.MaxBy(epoch => epoch.Scores["validation size"])!.Epoch, result.BestEpoch);
        Assert.Equal(result.Epochs.Max(epoch => epoch.Scores["validation size"]), result.Score);
    }

    [Fact]
    public void Other_tasks_and_more_data_are_another_run()
    {
        using TemporaryFolder folder = new();
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using (Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Options, folder: new RunFolder(folder.Path)))
        {
            trainer.Run();
        }

        foreach (Trainer other in new[]
        {
            new Trainer(model, new Growth(), SmallRegression.Source(), options: Options, folder: new RunFolder(folder.Path)),
            new Trainer(model, new Regression(), SmallRegression.Source(), SmallRegression.Source("more"), Options, new RunFolder(folder.Path)),
            new Trainer(model, new Regression(), SmallRegression.Source(), options: Options with { Solves = new RandomSteps() }, folder: new RunFolder(folder.Path)),
        })
        {
            using (other)
            {
                Exception refused = Assert.ThrowsAny<Exception>(() => other.Resume());
                Assert.Contains("it belongs to another run", refused.Message, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>Cancelled, stopped, or ended by an exception: the best weights are in the model, and going on ends as if nothing had been.</summary>
    [Theory]
    [InlineData("cancel", StopReason.Cancelled)]
    [InlineData("stop", StopReason.Asked)]
    [InlineData("throw", null)]
    public void However_a_run_ends_the_best_weights_are_in_the_model_and_it_can_go_on(string how, StopReason? reason)
    {
        byte[] whole = Train(null, null, out TrainingResult best);
        byte[] inTwo = Train(how, reason, out TrainingResult again);
        Assert.Equal(whole, inTwo);
        Assert.Equal(best.Score, again.Score);
        Assert.Equal(best.Epochs.Select(epoch => epoch.TrainLoss), again.Epochs.Select(epoch => epoch.TrainLoss));
    }

    /// <summary>Left in training mode, its dropout would draw, and batch normalisation of one sample answer anything.</summary>
    [Fact]
    public void After_a_run_the_model_is_ready_for_use()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Options);
        trainer.Run();
        Assert.All(model.modules().Prepend(model), part => Assert.False(part.training));
    }

    [Fact]
    public void A_run_ends_after_epochs_without_a_better_score_and_with_a_longer_patience_goes_on()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = Options with { Epochs = 12, Stop = new EarlyStopping { Patience = 2 } };
        TrainingResult Run(TrainingOptions chosen, bool isResumed)
        {
            using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
            using Trainer trainer = new(model, new Worse(), SmallRegression.Source(), options: chosen, folder: new RunFolder(folder.Path));
            Assert.Equal(isResumed, trainer.Resume());
            return trainer.Run();
        }

        TrainingResult stopped = Run(options, isResumed: false);
        Assert.Equal((StopReason.Patience, 1, 3, true), (stopped.Stopped, stopped.BestEpoch, stopped.Epochs.Count, stopped.IsComplete));
        Assert.Equal(3, Run(options, isResumed: true).Epochs.Count);
        Assert.Equal((StopReason.Patience, 5), (Run(options with { Stop = new EarlyStopping { Patience = 4 } }, isResumed: true) is var more ? (more.Stopped, more.Epochs.Count) : default));
    }

    [Fact]
    public void A_run_ends_when_its_time_is_over_and_what_it_has_by_then_is_validated()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        byte[] before = SmallRegression.Bytes(model);
        using Trainer trainer = new(
            model, new Regression(), SmallRegression.Source(), options: Options with { Stop = new EarlyStopping { After = TimeSpan.FromTicks(1) } });
        TrainingResult result = trainer.Run();
        Assert.Equal((StopReason.Time, 1, 1L, 0), (result.Stopped, result.BestEpoch, result.Steps, result.Epochs.Count));
        Assert.True(double.IsFinite(result.Score));
        Assert.NotEqual(before, SmallRegression.Bytes(model));
    }

    [Fact]
    public void Callbacks_hear_everything_in_order_on_the_training_thread()
    {
        int thread = Environment.CurrentManagedThreadId;
        List<string> heard = [];
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: Options with { Epochs = 2 })
        {
            OnEvent = happened =>
            {
                Assert.Equal(thread, Environment.CurrentManagedThreadId);
                heard.Add(happened.GetType().Name);
            },
        };
        trainer.Run();
        string[] epoch = ["StepFinished", "StepFinished", "StepFinished", "EpochFinished"];
        Assert.Equal([.. epoch, .. epoch], heard);
    }

    /// <summary>Dropout and all: what is certified on the way changes no bit of the weights.</summary>
    [Fact]
    public void Certificates_and_probes_of_a_model_with_two_layers_have_both_and_change_no_weight()
    {
        byte[] Run(TrainingOptions options, GradientProbe? probe, List<GradientCertificate> certificates, out TrainingResult result)
        {
            using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
            using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: options)
            {
                Probe = probe,
                OnEvent = happened =>
                {
                    if (happened is TrainingEvent.GradientCertified certified)
                    {
                        certificates.Add(certified.Certificate);
                    }
                },
            };
            result = trainer.Run();
            return SmallRegression.Bytes(model);
        }

        List<GradientCertificate> made = [];
        byte[] plain = Run(Options, null, [], out _);
        byte[] watched = Run(Options with { CertificateSteps = 1 }, new GradientProbe { Samples = 5 }, made, out TrainingResult result);
        Assert.Equal(plain, watched);
        Assert.Equal(12, made.Count);
        Assert.All(made, certificate => Assert.Equal(2, certificate.Solves.Count));
        Assert.All(made, certificate => Assert.InRange(certificate.Gradient.Cosine, 0.5, 1));
        Assert.All(result.Epochs, epoch => Assert.InRange(epoch.Cosine!.Value, 0.5, 1));
        EscalationPolicy strict = new() { RaiseBelow = 0.9999999, LowerFrom = 1, Patience = 1 };
        Assert.NotEqual(plain, Run(Options with { CertificateSteps = 1, Escalation = strict }, null, made, out _));
        Assert.Equal(1, made[^1].Gradient.Cosine, 5);
    }

    [Fact]
    public void A_warm_start_needs_samples_with_numbers_and_one_solve_a_call()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        TrainingOptions warm = Options with { WarmStart = new() };
        BatchSource numberless = BatchSource.FromBatches(SmallRegression.Source().InOrder().Take(0), (0, 0));
        Assert.Contains("have none", Assert.Throws<ArgumentException>(() => new Trainer(model, new Regression(), numberless, options: warm)).Message, StringComparison.Ordinal);
        BatchSource fresh = BatchSource.Generate(static (_, _) => (zeros(2), zeros(3)), 8, isFreshEveryEpoch: true);
        Assert.Contains("others in every epoch", Assert.Throws<ArgumentException>(() => new Trainer(model, new Regression(), fresh, options: warm)).Message, StringComparison.Ordinal);
        using Trainer trainer = new(model, new Regression(), SmallRegression.Source(), options: warm);
        Assert.Contains("one implicit solve a call", Assert.Throws<InvalidOperationException>(() => trainer.Run()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_a_parameter_to_train_is_refused()
    {
        using nn.Module<Tensor, Tensor> model = nn.Tanh();
        Assert.Contains("has no parameter that requires a gradient", Assert.Throws<ArgumentException>(() => new Trainer(model, new Regression(), SmallRegression.Source())).Message, StringComparison.Ordinal);
    }

    private static byte[] Train(string? how, StopReason? reason, out TrainingResult result)
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        Trainer trainer = null!;
        using CancellationTokenSource source = new();
        void Interrupt(TrainingEvent happened)
        {
            if (how is null || happened is not TrainingEvent.StepFinished { Step: 8 })
            {
                return;
            }

            string now = how;
            how = null;
            switch (now)
            {
                case "cancel": source.Cancel(); break;
                case "stop": trainer.Stop(); break;
                default: throw new TimeoutException();
            }
        }

        using (trainer = new(model, new Regression(), SmallRegression.Source(), SmallRegression.Source("validation", 10), Options) { OnEvent = Interrupt })
        {
            if (how is not null)
            {
                if (reason is { } expected)
                {
                    TrainingResult part = trainer.Run(cancellation: source.Token);
                    Assert.Equal((expected, 8L), (part.Stopped, part.Steps));
                    double loss = Evaluator.Evaluate(model, new Regression(), SmallRegression.Source("validation", 10)).Loss;
                    Assert.Equal(part.Score, loss);
                }
                else
                {
                    Assert.Throws<TimeoutException>(() => trainer.Run());
                }
            }

            result = trainer.Run();
            Assert.Equal((StopReason.Epochs, 12L), (result.Stopped, result.Steps));
            return SmallRegression.Bytes(model);
        }
    }

    private sealed record Growth : TrainingTask
    {
        public override Score Score => new("size", IsHigherBetter: true);

        public override Tensor Losses(Tensor output, Batch batch) => (output.squeeze(1) - batch.Targets).square();

        public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch) => [new("size", output.detach().abs().squeeze(1))];
    }

    /// <summary>Scored by the step of the run, so that every epoch is worse than the first.</summary>
    private sealed record Worse : TrainingTask
    {
        private static int _calls;

        public override Score Score => new("calls", IsHigherBetter: false);

        public override Tensor Losses(Tensor output, Batch batch) => output.squeeze(1).square();

        public override IReadOnlyList<Measurement> Measure(Tensor output, Batch batch) => [new("calls", full([batch.Count], Interlocked.Increment(ref _calls)))];
    }
}
