#:project ../src/ImplicitNet.Training/ImplicitNet.Training.csproj

// y = A x: a signal x of four spikes in 60 places is to be found from 30 measurements y. Two things are done in turn: a step towards what
// was measured, and whatever is small is put to 0. The signal that both leave as it is is the answer; the step and "small" are learned.
using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

random.manual_seed(1);
Tensor a = randn(30, 60) / Math.Sqrt(30);
GeneratedBatches train = BatchSource.Generate((_, draw) => Measured(draw), 2000);
GeneratedBatches test = BatchSource.Generate((_, draw) => Measured(draw), 500, DataPart.Test);

using Recovery model = new(a);
Restoration task = new();
Console.WriteLine($"A step along A':  {Evaluator.Evaluate(model, task, test).Scores["psnr"]:0.0} dB");
using Trainer trainer = new(model, task, train, options: new TrainingOptions { Epochs = 3, LearningRate = 3e-4 });
trainer.Run();
Console.WriteLine($"The learned step: {Evaluator.Evaluate(model, task, test).Scores["psnr"]:0.0} dB");
using Batch some = train.First(64);
Console.WriteLine(new GradientCertifier().Certify(model, () => task.Losses(model.call(some.Inputs), some)));

(Tensor Measurements, Tensor Signal) Measured(RandomNumbers draw)
{
    float[] signal = new float[60];
    for (int spike = 0; spike < 4; spike++)
    {
        signal[draw.Next(60)] = (2 * draw.Next(2)) - 1;
    }

    return (a.mv(tensor(signal)), tensor(signal));
}

internal sealed class Recovery : nn.Module<Tensor, Tensor>
{
    private readonly SolveSettings settings = new()
    {
        Stopping = new() { RelativeTolerance = 1e-3, MaxSteps = 500 },
        Gradient = new ImplicitGradient(), // R hardly contracts: of JFB the certificate says that it misleads
    };

    private readonly TorchSharp.Modules.Parameter step, small;
    private readonly Tensor a;

    public Recovery(Tensor a)
        : base(nameof(Recovery))
    {
        (this.a, step, small) = (a, new(a / linalg.norm(a, 2).square()), new(tensor(0.03f)));
        RegisterComponents();
    }

    public override Tensor forward(Tensor y) =>
        Implicit.Solve((x, y) => Large(x - (x.mm(a.t()) - y).mm(step)), zeros(y.shape[0], 60), y, settings);
    private Tensor Large(Tensor x) => x.sign() * (x.abs() - small).relu();
}
