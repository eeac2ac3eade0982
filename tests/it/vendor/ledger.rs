//! What came in and what was sold: the books of a vendor.

use super::order::{Delivery, Order};
use super::{Fault, Request, Served, State, serve};

/// One POST that was billed, and what it bought.
#[derive(Clone, Debug)]
pub(crate) struct Bill {
    pub(crate) prompt: String,
    pub(crate) pictures: Vec<Sold>,
}

/// One billed image: the BLAKE3 of its bytes, and where it is served (empty for a vendor that answers with base64).
#[derive(Clone, Debug)]
pub(crate) struct Sold {
    pub(crate) hash: String,
    pub(crate) url: String,
}

impl State {
    pub(super) fn record(&mut self, request: &Request) {
        self.requests.push(request.clone());
        self.in_flight += 1;
        self.max_in_flight = self.max_in_flight.max(self.in_flight);
    }

    /// What the vendor's documentation warns of: a wish that is passed over without a word.
    pub(super) fn note_overlooked(&mut self, order: &Order) {
        self.overlooked.extend(order.overlooked.iter().cloned());
    }

    pub(super) fn fault_for(&mut self, prompt: &str) -> Option<Fault> {
        let by_prompt = self.by_prompt.iter().find(|(part, _)| prompt.contains(part.as_str()));
        by_prompt.map(|(_, fault)| fault.clone()).or_else(|| self.queued.pop_front())
    }

    /// Bill an order and make its pictures, as the fault in play wants them.
    pub(super) fn bill(&mut self, order: &Order, fault: Option<&Fault>, origin: &str) -> Vec<Served> {
        let first = self.bills.iter().map(|bill| bill.pictures.len()).sum::<usize>();
        let failed = match fault {
            Some(Fault::FewerImages | Fault::FailedEntry { .. }) => 1,
            _ => 0,
        };
        let count = order.images.saturating_sub(failed);
        let folder = format!("{origin}/cdn/{}", serve::unguessable());
        let pictures: Vec<Served> = (0..count)
            .map(|index| {
                let number = u64::try_from(first + index).expect("a count fits");
                let (bytes, content_type) = self.easel.paint(number, order, &self.shape, fault);
                let url = format!("{folder}/{}.{}", index + 1, self.shape.format_for(order).extension());
                Served { url, bytes, content_type, fault: fault.filter(|fault| fault.is_of_download()).cloned() }
            })
            .collect();
        self.enter(order, &pictures);
        pictures
    }

    fn enter(&mut self, order: &Order, pictures: &[Served]) {
        let answers_urls = order.delivery == Delivery::Url;
        let sold = |served: &Served| Sold {
            hash: blake3::hash(&served.bytes).to_hex().to_string(),
            url: if answers_urls { served.url.clone() } else { String::new() },
        };
        self.bills.push(Bill { prompt: order.prompt.clone(), pictures: pictures.iter().map(sold).collect() });
        if answers_urls {
            self.served.extend(pictures.iter().map(|served| (served.url.clone(), served.clone())));
        }
    }
}
