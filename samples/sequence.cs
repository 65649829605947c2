#:project ../src/ImplicitNet.Training/ImplicitNet.Training.csproj

// Sequences of different length, by attention: does the first symbol come again? The encoder gives two tensors, q and who attends to
// whom, with padding left out. Both are inputs of the solve: made once, however many steps it takes.
using ImplicitNet.Certification;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

GeneratedBatches train = BatchSource.Generate((_, draw) => Sequence(draw), 4000);
GeneratedBatches validation = BatchSource.Generate((_, draw) => Sequence(draw), 500, DataPart.Validation);
random.manual_seed(1);
using Attention model = new(symbols: 6, longest: 12, width: 32);
Classification task = new();
using Trainer trainer = new(model, task, train, validation, new TrainingOptions { Epochs = 4, LearningRate = 6e-3 });
foreach (var epoch in trainer.Run().Epochs)
{
    Console.WriteLine($"epoch {epoch.Epoch}: {epoch.ValidationAccuracy:P1} right, {epoch.SolverSteps:0.0} solver steps");
}

using Batch some = train.First(64);
Console.WriteLine(new GradientCertifier().Certify(model, () => task.Losses(model.call(some.Inputs), some)));

static (Tensor Symbols, Tensor ComesAgain) Sequence(RandomNumbers draw)
{
    long[] symbols = new long[12]; // 0 is padding
    foreach (ref long symbol in symbols.AsSpan(0, 2 + draw.Next(11)))
    {
        symbol = 1 + draw.Next(6);
    }

    return (tensor(symbols), tensor(symbols.AsSpan(1).Contains(symbols[0]) ? 1L : 0L));
}

internal sealed class Attention : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> symbol, place, query, key, answer;
    private readonly BoundedLinear value;

    public Attention(long symbols, long longest, long width)
        : base(nameof(Attention))
    {
        (symbol, place) = (nn.Embedding(1 + symbols, width), nn.Embedding(longest, width));
        (query, key, value, answer) = (nn.Linear(width, width), nn.Linear(width, width), new(width, width), nn.Linear(width, 2));
        RegisterComponents();
    }

    public override Tensor forward(Tensor symbols)
    {
        Tensor q = symbol.call(symbols) + place.call(arange(symbols.shape[1])); // [batch, time, width]
        Tensor scores = query.call(q).bmm(key.call(q).transpose(1, 2)) / Math.Sqrt(q.shape[2]);
        Tensor attention = scores.masked_fill(symbols.eq(0).unsqueeze(1), double.NegativeInfinity).softmax(2);
        Tensor u = Implicit.Solve(
            (u, given) => (given[0] + (0.9 * value.call(given[1].bmm(u)))).tanh(), zeros_like(q), [q, attention]);
        return answer.call(u[.., 0]);
    }
}
