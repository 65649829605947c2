#:project ../src/ImplicitNet.Models/ImplicitNet.Models.csproj
#:project ../src/ImplicitNet.Training/ImplicitNet.Training.csproj

// What a certificate is for: a small network whose operator nothing bounds, driven through gamma = 1, trained by JFB and by
// the exact gradient. The certificate of JFB's gradient at the first step warns before the accuracy suffers.
using ImplicitNet.Certification;
using ImplicitNet.Files;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

DataSplits digits = StrokeDigits.Generate(new StrokeDigitsOptions { TrainCount = 3000, ValidationCount = 100, TestCount = 1000 });
PixelNormalization normalization = PixelNormalization.Of(digits.Train);
ImageBatches train = new(digits.Train, new BatchOptions { Normalization = normalization });
ImageBatches test = new(digits.Test, new BatchOptions { Normalization = normalization });

Console.WriteLine("||W||   gamma measured   cosine of JFB   verdict               accuracy by JFB   exactly");
foreach (double norm in new[] { 0.5, 0.9, 0.95, 1, 1.05, 1.1, 1.2 })
{
    double jfb = Train(norm, new JacobianFreeGradient(), out GradientCertificate certificate);
    double exact = Train(norm, new ImplicitGradient(), out _);
    string verdict = certificate.Counted.Any() ? certificate.Verdict.ToString() : "no sample converged";
    (double factor, double cosine) = (certificate.Contraction.Measured, certificate.Gradient.Cosine);
    Console.WriteLine($"{norm,5:0.00}   {factor,14:0.000}   {cosine,13:0.000}   {verdict,-19}   {jfb,15:P1}   {exact,7:P1}");
}

double Train(double norm, FixedPointGradient gradient, out GradientCertificate certificate)
{
    random.manual_seed(1);

    // Nearly linear, and W starts near one direction: J has the norm of W.
    using ImplicitNetwork network = new(
        nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(28 * 28, 32))),
        new ModuleOperator(new Free(norm)),
        nn.Linear(32, 10))
    {
        Stopping = new StoppingRule { RelativeTolerance = 1e-3 },
        OnFailure = new MaskFailures(),
        Gradient = gradient,
    };
    using optim.Optimizer optimizer = optim.Adam(network.parameters(), 3e-3);
    GradientCertificate? early = null;
    for (int epoch = 0; epoch < 3; epoch++)
    {
        foreach (Batch batch in train.Epoch(epoch))
        {
            using Batch owned = batch;
            using DisposeScope scope = NewDisposeScope();
            early ??= new GradientCertifier().Certify(
                network, () => nn.functional.cross_entropy(network.call(batch.Inputs), batch.Targets, reduction: nn.Reduction.None));
            optimizer.zero_grad();
            using ImplicitResult result = network.Run(batch.Inputs);
            result.Average(nn.functional.cross_entropy(result.Output, batch.Targets, reduction: nn.Reduction.None)).backward();
            optimizer.step();
        }
    }

    certificate = early!;
    network.eval();
    using IDisposable noGraph = no_grad();
    double correct = 0;
    foreach (Batch batch in test.InOrder())
    {
        using Batch owned = batch;
        using DisposeScope scope = NewDisposeScope();
        correct += network.call(batch.Inputs).argmax(1).eq(batch.Targets).sum().ToDouble();
    }

    return correct / digits.Test.Count;
}

/// <summary>R(u, q) = LeakyReLU(W u + q), W free to grow.</summary>
internal sealed class Free : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Parameter weight;

    public Free(double norm)
        : base(nameof(Free))
    {
        using Tensor direction = randn(32, 1);
        using Tensor start = direction.mm(direction.t()) / direction.square().sum() * norm;
        weight = new TorchSharp.Modules.Parameter(start.clone());
        RegisterComponents();
    }

    public override Tensor forward(Tensor u, Tensor q) => nn.functional.leaky_relu(nn.functional.linear(u, weight) + q, 0.9);
}
