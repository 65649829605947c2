using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training;

/// <summary>What a run makes of the folder that it is given, and of what its model, task and data hold.</summary>
public sealed class RunInFolderTests : TensorTest
{
    private static readonly TrainingOptions Options = SmallRegression.Options;

    /// <summary>A causal mask of minus infinity is a constant of the model; a task may hold a tensor: neither stands in a checkpoint's way.</summary>
    [Fact]
    public void Buffers_that_are_infinite_by_design_and_tensors_in_a_task_are_part_of_a_run_that_goes_on()
    {
        using TemporaryFolder folder = new();
        using Tensor weight = tensor(new[] { 2f });
        using Tensor other = tensor(new[] { 3f });
        Assert.Equal(5, Run(weight, 5).Steps);
        Assert.Contains("task.Weight was", Assert.ThrowsAny<Exception>(() => Run(other, null)).Message, StringComparison.Ordinal);
        Assert.Equal(12, Run(weight, null).Steps);

        TrainingResult Run(Tensor given, int? stop)
        {
            using Masked model = new();
            Trainer trainer = null!;
            using (trainer = new(model, new Weighted(given), SmallRegression.Source(), options: Options, folder: new RunFolder(folder.Path)) { OnEvent = Hear })
            {
                trainer.Resume();
                return trainer.Run();
            }

            void Hear(TrainingEvent happened)
            {
                if (happened is TrainingEvent.StepFinished step && step.Step == stop)
                {
                    trainer.Stop();
                }
            }
        }
    }

    [Fact]
    public void A_folder_with_a_run_is_gone_on_with_or_left_alone()
    {
        using TemporaryFolder folder = new();
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using (Trainer first = new(model, new Regression(), SmallRegression.Source(), options: Options, folder: new RunFolder(folder.Path)))
        {
            first.Run();
        }

        byte[] before = File.ReadAllBytes(folder["checkpoint.safetensors"]);
        using Trainer second = new(model, new Regression(), SmallRegression.Source(), options: Options, folder: new RunFolder(folder.Path));
        Assert.Contains("holds a run already", Assert.Throws<InvalidOperationException>(() => second.Run()).Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(folder["checkpoint.safetensors"]));
        Assert.True(second.Resume());
        Assert.True(second.Run().IsComplete);
    }

    [Fact]
    public void A_source_that_gives_fewer_batches_than_it_has_is_an_error()
    {
        using nn.Module<Tensor, Tensor> model = SmallRegression.Model();
        using Trainer trainer = new(model, new Regression(), new Short(), options: Options);
        string message = Assert.Throws<InvalidOperationException>(() => trainer.Run()).Message;
        Assert.Contains("short has 3 batches an epoch, and gave 2", message, StringComparison.Ordinal);
    }

    private sealed class Short : BatchSource
    {
        private readonly BatchSource _rows = SmallRegression.Source();

        public override string Name => "short";

        public override int Count => _rows.Count;

        public override int StepsPerEpoch => _rows.StepsPerEpoch;

        public override bool IsRepeatable => true;

        public override long Seed => 1;

        public override object? Identity => null;

        public override IEnumerable<Batch> Epoch(int epoch, int firstStep = 0) => _rows.Epoch(epoch, firstStep + 1);

        public override IEnumerable<Batch> InOrder() => _rows.InOrder();

        public override Batch First(int count) => _rows.First(count);
    }

    private sealed record Weighted(Tensor Weight) : TrainingTask
    {
        public override Tensor Losses(Tensor output, Batch batch) => (TargetsLike(output, batch) - output).square().squeeze(1) * Weight;
    }

    private sealed class Masked : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _inner = SmallRegression.Model();
        private readonly Tensor _mask = tensor(new[,] { { 0, float.NegativeInfinity }, { 0, 0 } });

        public Masked()
            : base(nameof(Masked))
        {
            register_buffer("mask", _mask);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = NewDisposeScope();
            return _inner.call(input.mm(_mask.softmax(1))).MoveToOuterDisposeScope();
        }
    }
}
